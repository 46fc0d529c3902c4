-- Run once by the PostgreSQL container, on an empty volume: the owner of the schema and its database, as .env.example names
-- them. Migrations (make dev-db-migrate) make the rest, as that owner.
create role fitkit_owner login createrole password 'fitkit';
create database fitkit owner fitkit_owner;
\connect fitkit
create extension if not exists btree_gist;
create extension if not exists pg_trgm;
create extension if not exists vector;
