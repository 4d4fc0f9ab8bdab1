-- +goose Up
create table cfchat_copy (
	only_one boolean primary key check (only_one),
	server text not null,
	account bigint not null,
	"key" text not null,
	shards bigint not null
);

create table cfchat_positions (
	shard bigint primary key,
	walk bigint not null,
	phase text not null,
	conversation_id bigint not null,
	message_id bigint not null,
	begun_at text,
	since text,
	walked_at text
);

create table unreadable (
	what text not null,
	conversation_id bigint not null,
	message_id bigint not null,
	why text not null,
	walk bigint not null,
	primary key (what, conversation_id, message_id)
);

create table conversations (
	id bigint primary key,
	uuid text,
	inbox_id bigint,
	channel text,
	status text not null,
	priority text,
	contact_id bigint,
	assignee_type text,
	assignee_id bigint,
	team_id bigint,
	created_at timestamptz,
	last_activity_at timestamptz,
	updated_at timestamptz,
	first_reply_created_at timestamptz,
	waiting_since timestamptz,
	snoozed_until timestamptz,
	contact_last_seen_at timestamptz,
	agent_last_seen_at timestamptz,
	assignee_last_seen_at timestamptz,
	unread_count bigint not null,
	can_reply boolean not null,
	muted boolean not null,
	custom_attributes json,
	additional_attributes json,
	received json not null,
	settled boolean not null,
	walk bigint not null
);
create index conversations_inbox on conversations (inbox_id, created_at);
create index conversations_contact on conversations (contact_id);

create table conversation_labels (
	conversation_id bigint not null,
	label text not null,
	primary key (conversation_id, label)
);
create index conversation_labels_label on conversation_labels (label);

create table messages (
	id bigint primary key,
	conversation_id bigint not null,
	inbox_id bigint,
	created_at timestamptz,
	message_type text not null,
	private boolean,
	sender_type text,
	sender_id bigint,
	sender_name text,
	content text,
	content_type text,
	status text,
	source_id text,
	attachments_count bigint not null,
	content_attributes json,
	received json not null,
	walk bigint not null
);
create index messages_conversation on messages (conversation_id, id);
create index messages_created on messages (created_at);

create table contacts (
	id bigint primary key,
	name text,
	email text,
	phone_number text,
	identifier text,
	blocked boolean,
	company_id bigint,
	created_at timestamptz,
	last_activity_at timestamptz,
	thumbnail text,
	custom_attributes json,
	additional_attributes json,
	listed boolean not null,
	received json not null,
	walk bigint not null
);
create index contacts_email on contacts (email);

create table inboxes (
	id bigint primary key,
	name text,
	channel_type text,
	channel_id bigint,
	provider text,
	email text,
	phone_number text,
	website_url text,
	timezone text,
	received json not null
);

create table agents (
	id bigint primary key,
	name text,
	available_name text,
	email text,
	role text,
	availability_status text,
	confirmed boolean,
	received json not null
);

create table agent_bots (
	id bigint primary key,
	name text,
	description text,
	bot_type text,
	outgoing_url text,
	account_id bigint,
	received json not null
);

create table teams (
	id bigint primary key,
	name text,
	description text,
	allow_auto_assign boolean,
	received json not null
);

create table labels (
	id bigint primary key,
	title text,
	description text,
	color text,
	show_on_sidebar boolean,
	received json not null
);

create table attribute_definitions (
	id bigint primary key,
	attribute_key text,
	attribute_model text,
	attribute_display_name text,
	attribute_display_type text,
	attribute_description text,
	created_at timestamptz,
	updated_at timestamptz,
	received json not null
);

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
