create collation zoo.natural (provider = icu, locale = 'en-u-kn-true', deterministic = true);
create collation zoo.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table zoo.any_case (word text collate zoo.any_case primary key, number text collate zoo.natural);
insert into zoo.any_case values ('Abc', 'a10'), ('b', 'a9');
