-- What PostgreSQL's own dump and restore change: the identity's sequence is a bigint one before, and an int one after.
create table zoo.copied_identity (like zoo.customer including identity);
