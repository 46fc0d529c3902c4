package config

// All is one of each section: the full list of what functions read.
func All() []any {
	return []any{
		&Core{}, &Database{}, &SystemDatabase{}, &Redis{}, &Queues{}, &Clerk{}, &ClerkWebhook{}, &PaymentKeys{}, &NationalIDKeys{}, &NationalIDIndex{},
		&Cardcom{}, &Web{}, &Crons{}, &Neon{}, &Railway{}, &CloudWatch{}, &ComplianceBlob{}, &Blob{}, &ComplianceLock{},
		&Origins{}, &Realtime{}, &Connections{}, &Parameters{}, &Analytics{},
	}
}
