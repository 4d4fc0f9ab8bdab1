-- +goose Up
create table cfchat_copy (
	only_one integer primary key check (only_one = 1),
	server text not null,
	account integer not null,
	"key" text not null,
	shards integer not null
) strict;

create table cfchat_positions (
	shard integer primary key,
	walk integer not null,
	phase text not null,
	conversation_id integer not null,
	message_id integer not null,
	begun_at text,
	since text,
	walked_at text
) strict;

create table unreadable (
	what text not null,
	conversation_id integer not null,
	message_id integer not null,
	why text not null,
	walk integer not null,
	primary key (what, conversation_id, message_id)
) strict;

create table conversations (
	id integer primary key,
	uuid text,
	inbox_id integer,
	channel text,
	status text not null,
	priority text,
	contact_id integer,
	assignee_type text,
	assignee_id integer,
	team_id integer,
	created_at text,
	last_activity_at text,
	updated_at text,
	first_reply_created_at text,
	waiting_since text,
	snoozed_until text,
	contact_last_seen_at text,
	agent_last_seen_at text,
	assignee_last_seen_at text,
	unread_count integer not null,
	can_reply integer not null,
	muted integer not null,
	custom_attributes text,
	additional_attributes text,
	received text not null,
	settled integer not null,
	walk integer not null
) strict;
create index conversations_inbox on conversations (inbox_id, created_at);
create index conversations_contact on conversations (contact_id);

create table conversation_labels (
	conversation_id integer not null,
	label text not null,
	primary key (conversation_id, label)
) strict;
create index conversation_labels_label on conversation_labels (label);

create table messages (
	id integer primary key,
	conversation_id integer not null,
	inbox_id integer,
	created_at text,
	message_type text not null,
	private integer,
	sender_type text,
	sender_id integer,
	sender_name text,
	content text,
	content_type text,
	status text,
	source_id text,
	attachments_count integer not null,
	content_attributes text,
	received text not null,
	walk integer not null
) strict;
create index messages_conversation on messages (conversation_id, id);
create index messages_created on messages (created_at);

create table contacts (
	id integer primary key,
	name text,
	email text,
	phone_number text,
	identifier text,
	blocked integer,
	company_id integer,
	created_at text,
	last_activity_at text,
	thumbnail text,
	custom_attributes text,
	additional_attributes text,
	listed integer not null,
	received text not null,
	walk integer not null
) strict;
create index contacts_email on contacts (email);

create table inboxes (
	id integer primary key,
	name text,
	channel_type text,
	channel_id integer,
	provider text,
	email text,
	phone_number text,
	website_url text,
	timezone text,
	received text not null
) strict;

create table agents (
	id integer primary key,
	name text,
	available_name text,
	email text,
	role text,
	availability_status text,
	confirmed integer,
	received text not null
) strict;

create table agent_bots (
	id integer primary key,
	name text,
	description text,
	bot_type text,
	outgoing_url text,
	account_id integer,
	received text not null
) strict;

create table teams (
	id integer primary key,
	name text,
	description text,
	allow_auto_assign integer,
	received text not null
) strict;

create table labels (
	id integer primary key,
	title text,
	description text,
	color text,
	show_on_sidebar integer,
	received text not null
) strict;

create table attribute_definitions (
	id integer primary key,
	attribute_key text,
	attribute_model text,
	attribute_display_name text,
	attribute_display_type text,
	attribute_description text,
	created_at text,
	updated_at text,
	received text not null
) strict;

-- +goose Down
drop table attribute_definitions;
drop table labels;
drop table teams;
drop table agent_bots;
drop table agents;
drop table inboxes;
drop table contacts;
drop table messages;
drop table conversation_labels;
drop table conversations;
drop table unreadable;
drop table cfchat_positions;
drop table cfchat_copy;
