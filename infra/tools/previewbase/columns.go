package main

// table is what becomes of a table's rows in the masked base. Every column is named once, but for uuids, which are random: a
// column that is named nowhere fails the test, and is decided on before it can reach a preview.
type table struct {
	emptied string            // why none of its rows is wanted; its columns need no decision then
	masked  map[string]string // columns, and the SQL that takes their place; it knows the row, and gives the same each time
	kept    string            // columns that tell nothing of a person and let nobody in, with spaces between
}

// Expressions. A hash of the row's id or of the value says nothing about who it was, and is the same in every copy.
const (
	maskedTerminal = `lpad((('x' || left(md5(terminal), 6))::bit(24)::int)::text, 8, '0')`
	maskedTxn      = `'txn-' || left(md5(provider_txn), 16)`
	maskedEmail    = `left(md5(id::text), 12) || '@example.invalid'`
	noSeal         = `''::bytea`
	noKey          = `'\x00000000'::bytea`
)

var tables = map[string]table{
	"audit_log":           {emptied: "who did what, with names and values of before"},
	"backup_reports":      {emptied: "of production's backups"},
	"card_sessions":       {emptied: "addresses of payment pages"},
	"clerk_deleted_users": {emptied: "people who asked to be forgotten"},
	"connections":         {emptied: "who is online"},
	"cron_runs":           {emptied: "of production's schedules"},
	"day_proofs":          {emptied: "what production's days were compared with"},
	"idempotency_keys":    {emptied: "whole answers"},
	"inbox":               {emptied: "events as providers sent them, with names and addresses"},
	"jobs":                {emptied: "work that production does"},
	"key_rotations":       {emptied: "of production's keys"},
	"member_events":       {emptied: "what happened to a person, with values of before"},
	"member_secrets":      {emptied: "national IDs, under keys that no preview has"},
	"money_cases":         {emptied: "questions for people, with what a provider wrote"},
	"platform_admins":     {emptied: "FitKit's own people"},
	"request_windows":     {emptied: "who asked how often"},
	"socket_tickets":      {emptied: "tickets that let somebody in"},
	"uploads":             {emptied: "names of files, whose objects no preview can read"},

	"orgs": {masked: map[string]string{
		"clerk_org_id": `'org_' || md5(id::text)`, "name": `'סטודיו ' || left(md5(id::text), 6)`, "slug": `'studio-' || left(md5(id::text), 12)`,
		"tax_id": `lpad((('x' || left(md5(id::text), 7))::bit(28)::int)::text, 9, '0')`, "charges_paused_why": `'masked'`,
	}, kept: `legal_kind tz language status test_mode test_now test_target charge_on_rest_days charges_paused_at dunning_end grace_days version name_own
		clerk_updated_at created_at updated_at`},
	"staff": {masked: map[string]string{
		"clerk_user_id": `'user_' || md5(id::text)`, "name": `'צוות ' || left(md5(id::text), 6)`, "email": maskedEmail,
	}, kept: `role status clerk_role clerk_updated_at user_updated_at version created_at`},
	"members": {masked: map[string]string{
		"clerk_user_id": `'user_' || md5(id::text)`, "name": `'חבר ' || left(md5(id::text), 6)`, "latin_name": `'Member ' || left(md5(id::text), 6)`,
		"search_key": `'חבר ' || left(md5(id::text), 6)`, "birth_date": `make_date(extract(year from birth_date)::int, 1, 1)`,
		"phone": `'+97250' || lpad(n::text, 7, '0')`, "email": maskedEmail,
	}, kept: `phone_shared language status access_level access_next_at version created_at updated_at archived_at`},
	"plans": {masked: map[string]string{"name": `'תכנית ' || left(md5(id::text), 6)`}, kept: `type status created_at`},
	"plan_versions": {kept: `version price base_price currency pay_mode term_months installments entries validity_days limits effective published_at
		single_payment_allowed`},
	"memberships": {kept: `type state price pay_mode installments start_on term_end anchor_day periods_total next_period next_charge_at entries_left expires_on
		cancel_notice_at cancel_effective_on version created_at`},
	"billing_periods": {kept: `seq period`},
	"charges": {masked: map[string]string{"description": `kind`, "void_reason": `'masked'`, "created_by": `split_part(created_by, '_', 1) || '_masked'`},
		kept: `kind period amount currency installments state due_at paid_at created_at`},
	"gateways": {masked: map[string]string{
		"terminal": maskedTerminal, "creds_ct": noSeal, "key_id": noKey, "settings": `'{}'::jsonb`, "problem": `'masked'`, "state": `'misconfigured'`,
		"hook_token": `md5(hook_token)`, "former_hook_token": `md5(former_hook_token)`,
	}, kept: `provider mode verified_at created_at updated_at former_hook_until`},
	"payment_methods": {masked: map[string]string{"token_ct": noSeal, "key_id": noKey, "last4": `'0000'`, "terminal": maskedTerminal},
		kept: `kind brand exp_month exp_year status is_default created_at removed_at`},
	"payment_attempts": {masked: map[string]string{"provider_key": `'key-' || md5(provider_key)`, "provider_txn": maskedTxn, "terminal": maskedTerminal},
		kept: `n amount installments state decline_class code lease_until claimed_at business_at sent_at unknown_at settled_at next_lookup_at lookups`},
	"payments":       {masked: map[string]string{"provider_txn": maskedTxn}, kept: `method amount received_at created_at`},
	"allocations":    {kept: `amount`},
	"dunning_cases":  {kept: `state rung transient_tries next_at reason opened_at closed_at days_still`},
	"dunning_steps":  {kept: `rung at action message`},
	"ledger_entries": {kept: `kind at created_at`},
	"ledger_lines":   {kept: `account amount`},

	"goose_db_version": {kept: `id version_id is_applied tstamp`},
	"rest_days":        {kept: `day name`},
	"result_codes":     {kept: `provider terminal_type code class meaning`},
	"vat_rates":        {kept: `effective rate_bp`},
}
