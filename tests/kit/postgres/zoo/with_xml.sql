insert into zoo_values.thing (id, document) values (100, '<a b="1">x &amp; y<!-- c --></a>'), (101, ' text and <b/>');
create view zoo.as_xml as select xmlelement(name row, id) as element from zoo.tree;
