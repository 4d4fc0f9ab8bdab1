-- +goose Up
alter table cfchat_positions add column asked_at text;

-- A shard that has not come so far yet has no time, and then the copy has none.
create view current_as_of as
select
	case when count(asked_at) = (select shards from cfchat_copy) then min(asked_at) end as changes,
	case when count(walked_at) = (select shards from cfchat_copy) then strftime('%Y-%m-%dT%H:%M:%SZ', min(walked_at)) end as everything
from cfchat_positions;

-- +goose Down
drop view current_as_of;
alter table cfchat_positions drop column asked_at;
