// Written by make generate from shared/catalog. Do not edit.

/** How an operation is called. */
export interface Operation {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  /** Through the API, or at a function URL of its own. */
  front: "api" | "url";
  /** Sent again after a lost answer freely ("read"), under the same Idempotency-Key ("key"), or not at all ("never"). */
  repeat: "read" | "key" | "never";
}

export const operations = {
  "api-billing-close-case": { method: "POST", path: "/v1/admin/cases/{id}/close", front: "api", repeat: "read" },
  "api-billing-connect-gateway": { method: "PUT", path: "/v1/gateways/{provider}", front: "api", repeat: "key" },
  "api-billing-create-card-session": { method: "POST", path: "/v1/card-sessions", front: "api", repeat: "key" },
  "api-billing-create-charge": { method: "POST", path: "/v1/charges", front: "api", repeat: "key" },
  "api-billing-get-billing-proof": { method: "GET", path: "/v1/billing/proof", front: "api", repeat: "read" },
  "api-billing-list-arrears": { method: "GET", path: "/v1/arrears", front: "api", repeat: "read" },
  "api-billing-list-charges": { method: "GET", path: "/v1/charges", front: "api", repeat: "read" },
  "api-billing-list-payment-methods": { method: "GET", path: "/v1/payment-methods", front: "api", repeat: "read" },
  "api-billing-remove-payment-method": { method: "DELETE", path: "/v1/payment-methods/{id}", front: "api", repeat: "key" },
  "api-billing-retry-charge": { method: "POST", path: "/v1/charges/{id}/retry", front: "api", repeat: "key" },
  "api-billing-settle-attempt": { method: "POST", path: "/v1/admin/attempts/{id}/settle", front: "api", repeat: "read" },
  "api-billing-void-charge": { method: "POST", path: "/v1/charges/{id}/void", front: "api", repeat: "key" },
  "api-member-archive": { method: "POST", path: "/v1/members/{id}/archive", front: "api", repeat: "key" },
  "api-member-create": { method: "POST", path: "/v1/members", front: "api", repeat: "key" },
  "api-member-get": { method: "GET", path: "/v1/members/{id}", front: "api", repeat: "read" },
  "api-member-list-timeline": { method: "GET", path: "/v1/members/{id}/timeline", front: "api", repeat: "read" },
  "api-member-reveal-national-id": { method: "POST", path: "/v1/members/{id}/national-id/reveal", front: "api", repeat: "read" },
  "api-member-search": { method: "POST", path: "/v1/members/search", front: "api", repeat: "read" },
  "api-member-set-national-id": { method: "PUT", path: "/v1/members/{id}/national-id", front: "api", repeat: "key" },
  "api-member-update": { method: "PATCH", path: "/v1/members/{id}", front: "api", repeat: "key" },
  "api-membership-create-plan": { method: "POST", path: "/v1/plans", front: "api", repeat: "key" },
  "api-membership-get": { method: "GET", path: "/v1/memberships/{id}", front: "api", repeat: "read" },
  "api-membership-list": { method: "GET", path: "/v1/memberships", front: "api", repeat: "read" },
  "api-membership-list-plans": { method: "GET", path: "/v1/plans", front: "api", repeat: "read" },
  "api-membership-preview-sale": { method: "POST", path: "/v1/sales/preview", front: "api", repeat: "read" },
  "api-membership-publish-plan-version": { method: "POST", path: "/v1/plans/{id}/versions", front: "api", repeat: "key" },
  "api-membership-sell": { method: "POST", path: "/v1/sales", front: "api", repeat: "key" },
  "api-org-complete-upload": { method: "POST", path: "/v1/uploads/{id}/complete", front: "api", repeat: "read" },
  "api-org-create-upload": { method: "POST", path: "/v1/uploads", front: "api", repeat: "key" },
  "api-org-get": { method: "GET", path: "/v1/org", front: "api", repeat: "read" },
  "api-org-get-me": { method: "GET", path: "/v1/me", front: "api", repeat: "read" },
  "api-org-list-staff": { method: "GET", path: "/v1/staff", front: "api", repeat: "read" },
  "api-org-set-test-clock": { method: "POST", path: "/v1/org/test-clock", front: "api", repeat: "key" },
  "api-org-update": { method: "PATCH", path: "/v1/org", front: "api", repeat: "key" },
  "api-org-update-staff": { method: "PATCH", path: "/v1/staff/{id}", front: "api", repeat: "key" },
  "api-platform-check-health": { method: "GET", path: "/healthz", front: "api", repeat: "read" },
  "api-platform-discard-job": { method: "POST", path: "/v1/admin/jobs/{id}/discard", front: "api", repeat: "read" },
  "api-platform-get-former-system": { method: "GET", path: "/v1/admin/former-system", front: "api", repeat: "read" },
  "api-platform-get-money": { method: "GET", path: "/v1/admin/money", front: "api", repeat: "read" },
  "api-platform-get-neon": { method: "GET", path: "/v1/admin/neon", front: "api", repeat: "read" },
  "api-platform-list-backups": { method: "GET", path: "/v1/admin/backups", front: "api", repeat: "read" },
  "api-platform-list-crons": { method: "GET", path: "/v1/admin/crons", front: "api", repeat: "read" },
  "api-platform-list-dead-jobs": { method: "GET", path: "/v1/admin/jobs/dead", front: "api", repeat: "read" },
  "api-platform-list-functions": { method: "GET", path: "/v1/admin/functions", front: "api", repeat: "read" },
  "api-platform-list-keys": { method: "GET", path: "/v1/admin/keys", front: "api", repeat: "read" },
  "api-platform-list-queues": { method: "GET", path: "/v1/admin/queues", front: "api", repeat: "read" },
  "api-platform-list-stores": { method: "GET", path: "/v1/admin/stores", front: "api", repeat: "read" },
  "api-platform-redrive-jobs": { method: "POST", path: "/v1/admin/jobs/redrive", front: "api", repeat: "never" },
  "api-platform-rotate-keys": { method: "POST", path: "/v1/admin/keys/rotate", front: "api", repeat: "read" },
  "api-realtime-create-ticket": { method: "POST", path: "/v1/realtime/tickets", front: "api", repeat: "read" },
} as const satisfies Record<string, Operation>;

/** Codes that any signed-in operation may be refused with. */
export type SharedCode = "auth.impersonated" | "auth.keys_unavailable" | "auth.organisation_required" | "auth.role_not_allowed" | "auth.session_pending" | "auth.sign_in" | "idempotency.in_progress" | "idempotency.key_missing" | "idempotency.key_reused" | "internal" | "org.not_found" | "org.suspended" | "request.invalid" | "request.malformed" | "request.not_json" | "request.text_not_storable" | "request.too_large" | "unavailable";

/** The further codes of each operation; docs/errors.md says what they mean. */
export interface OwnCodes {
  "api-billing-close-case": "auth.step_up" | "billing.case_has_its_own_end" | "billing.case_not_found" | "billing.case_reason" | "not_found";
  "api-billing-connect-gateway": "billing.terminal_in_use" | "billing.terminal_takes_money" | "billing.test_org_not_live" | "gateway.credentials_refused" | "gateway.unreachable" | "request.too_many";
  "api-billing-create-card-session": "billing.member_not_found" | "billing.no_gateway" | "gateway.credentials_refused" | "gateway.unreachable";
  "api-billing-create-charge": "billing.charge_description" | "billing.charge_due_too_far" | "billing.member_not_found";
  "api-billing-get-billing-proof": "billing.proof_day_ahead" | "request.too_many";
  "api-billing-list-arrears": never;
  "api-billing-list-charges": "billing.member_not_found";
  "api-billing-list-payment-methods": "billing.member_not_found";
  "api-billing-remove-payment-method": "billing.method_needed" | "billing.payment_method_not_found";
  "api-billing-retry-charge": "billing.card_tried_too_often" | "billing.charge_in_flight" | "billing.charge_not_due" | "billing.charge_not_found" | "billing.charge_settled" | "billing.no_gateway" | "billing.no_payment_method";
  "api-billing-settle-attempt": "auth.step_up" | "billing.attempt_being_asked" | "billing.attempt_not_found" | "billing.attempt_settled" | "billing.settle_reason" | "billing.transaction_owned" | "not_found";
  "api-billing-void-charge": "billing.charge_in_flight" | "billing.charge_not_found" | "billing.charge_settled" | "billing.void_reason";
  "api-member-archive": "member.has_live_membership" | "member.has_open_charge" | "member.not_found";
  "api-member-create": "member.birth_date_invalid" | "member.email_invalid" | "member.name_invalid" | "member.phone_invalid" | "member.phone_taken";
  "api-member-get": "member.not_found";
  "api-member-list-timeline": "member.not_found";
  "api-member-reveal-national-id": "auth.step_up" | "member.national_id_missing" | "member.not_found" | "member.reveal_reason" | "request.too_many";
  "api-member-search": "request.too_many";
  "api-member-set-national-id": "member.archived" | "member.national_id_invalid" | "member.national_id_taken" | "member.not_found";
  "api-member-update": "member.archived" | "member.birth_date_invalid" | "member.email_invalid" | "member.field_staff_only" | "member.name_invalid" | "member.not_found" | "member.phone_invalid" | "member.phone_taken" | "member.version_conflict";
  "api-membership-create-plan": "membership.plan_name_taken";
  "api-membership-get": "membership.not_found";
  "api-membership-list": "membership.member_not_found";
  "api-membership-list-plans": never;
  "api-membership-preview-sale": "membership.no_current_version" | "membership.plan_not_for_sale" | "membership.plan_not_found" | "membership.plan_sold_by_staff" | "membership.start_too_far_ahead" | "membership.start_too_far_back";
  "api-membership-publish-plan-version": "membership.effective_in_past" | "membership.plan_not_found" | "membership.terms_do_not_fit" | "membership.version_before_another";
  "api-membership-sell": "membership.member_archived" | "membership.member_not_found" | "membership.no_current_version" | "membership.payer_archived" | "membership.payer_not_found" | "membership.plan_not_for_sale" | "membership.plan_not_found" | "membership.plan_sold_by_staff" | "membership.price_changed" | "membership.start_too_far_ahead" | "membership.start_too_far_back" | "membership.trial_used";
  "api-org-complete-upload": "blob.unavailable" | "upload.differs" | "upload.not_arrived" | "upload.not_found";
  "api-org-create-upload": "request.too_many" | "upload.file_name_invalid" | "upload.purpose_not_allowed" | "upload.too_large" | "upload.type_not_allowed";
  "api-org-get": never;
  "api-org-get-me": never;
  "api-org-list-staff": never;
  "api-org-set-test-clock": "org.no_test_clock" | "org.not_a_test_org" | "org.test_clock_advancing" | "org.test_clock_backwards" | "org.test_clock_one_of";
  "api-org-update": "org.name_invalid" | "org.tax_id_invalid" | "org.version_conflict";
  "api-org-update-staff": "org.last_owner" | "staff.not_found";
  "api-platform-check-health": never;
  "api-platform-discard-job": "auth.step_up" | "not_found" | "platform.discard_reason" | "platform.job_charge_in_flight" | "platform.job_charge_owed" | "platform.job_not_dead" | "platform.job_not_found";
  "api-platform-get-former-system": "auth.step_up" | "not_found" | "platform.vendor_key_refused" | "platform.vendor_unavailable";
  "api-platform-get-money": "auth.step_up" | "not_found";
  "api-platform-get-neon": "auth.step_up" | "not_found" | "platform.vendor_key_refused" | "platform.vendor_unavailable";
  "api-platform-list-backups": "auth.step_up" | "not_found";
  "api-platform-list-crons": "auth.step_up" | "not_found";
  "api-platform-list-dead-jobs": "auth.step_up" | "not_found" | "platform.unknown_queue";
  "api-platform-list-functions": "auth.step_up" | "not_found" | "platform.vendor_unavailable";
  "api-platform-list-keys": "auth.step_up" | "not_found";
  "api-platform-list-queues": "auth.step_up" | "not_found";
  "api-platform-list-stores": "auth.step_up" | "not_found";
  "api-platform-redrive-jobs": "auth.step_up" | "not_found" | "platform.unknown_queue";
  "api-platform-rotate-keys": "auth.step_up" | "keys.key_missing" | "keys.nothing_to_rotate" | "not_found";
  "api-realtime-create-ticket": never;
}
