-- +goose Up
create view first_response_times as
select
	asked.conversation_id,
	conversations.inbox_id,
	asked.created_at as asked_at,
	answer.created_at as answered_at,
	unixepoch(answer.created_at) - unixepoch(asked.created_at) as seconds,
	answer.sender_id as agent_id,
	answer.sender_name as agent_name
from messages as asked
join conversations on conversations.id = asked.conversation_id
left join messages as answer on answer.id = (
	select min(id) from messages
	where conversation_id = asked.conversation_id and id > asked.id
		and message_type = 'outgoing' and sender_type = 'user' and not coalesce(private, false)
)
where asked.id = (
	select min(id) from messages where conversation_id = asked.conversation_id and message_type = 'incoming'
);

create view open_per_inbox_and_day as
select
	conversations.inbox_id,
	inboxes.name as inbox_name,
	date(conversations.created_at) as day,
	count(*) as begun,
	count(*) filter (where conversations.status = 'open') as open_now
from conversations
left join inboxes on inboxes.id = conversations.inbox_id
group by 1, 2, 3;

create view messages_per_agent as
select
	messages.sender_id as agent_id,
	coalesce(agents.name, max(messages.sender_name)) as agent_name,
	date(messages.created_at) as day,
	count(*) filter (where not coalesce(messages.private, false)) as messages,
	count(*) filter (where messages.private) as notes,
	count(distinct messages.conversation_id) as conversations
from messages
left join agents on agents.id = messages.sender_id
where messages.sender_type = 'user' and messages.message_type = 'outgoing'
group by messages.sender_id, agents.name, 3;

-- +goose Down
drop view messages_per_agent;
drop view open_per_inbox_and_day;
drop view first_response_times;
