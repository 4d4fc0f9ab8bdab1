-- +goose Up
-- An index of the other kind has no place for a text of more than 2,700 bytes.
drop index contacts_email;
create index contacts_email on contacts using hash (email);

-- +goose Down
drop index contacts_email;
create index contacts_email on contacts (email);
