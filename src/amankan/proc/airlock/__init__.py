"""A program of this machine that can reach one server and nothing else."""
