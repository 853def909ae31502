"""A close look at the databases of a throwaway server, before and after something was done to them."""
