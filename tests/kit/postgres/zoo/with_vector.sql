create schema zoo_vector;
create extension vector schema zoo_vector;
create table zoo.embedded (id int primary key, place zoo_vector.vector(3));
insert into zoo.embedded values (1, '[1,2.5,-3]'), (2, null);
create index embedded_near on zoo.embedded using hnsw (place zoo_vector.vector_l2_ops);
