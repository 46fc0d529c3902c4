-- +goose Up
-- An export and a verification say which schema they saw.
grant select on goose_db_version to fitkit_app, fitkit_system;

-- +goose Down
revoke select on goose_db_version from fitkit_app, fitkit_system;
