CREATE TABLE reports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    made timestamptz NOT NULL DEFAULT now(),
    takings numeric(14, 2) NOT NULL
);
