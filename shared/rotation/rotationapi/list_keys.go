package rotationapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/need"
	"fitkit/shared/rotation"
	"fitkit/shared/seal"
	"fitkit/shared/tenancy"
)

// Lister is what ListKeys needs.
type Lister interface {
	Usage(ctx context.Context) ([]rotation.Use, error)
	Latest(ctx context.Context) ([]rotation.Rotation, error)
	KeyIDs() map[seal.RingName][]seal.KeyID
}

// ListKeysOp declares GET /v1/admin/keys.
var ListKeysOp = api.Op{
	Name: "api-platform-list-keys", Method: api.GET, Path: "/v1/admin/keys",
	Summary: "Which keys there are, how many values each still seals, and how far rotations are",
	Roles:   []tenancy.Role{tenancy.PlatformAdmin},
	Needs:   []need.Need{need.PaymentKeys, need.NationalIDKeys},
}

type keysOutput struct {
	Keys      []keyOutput      `json:"keys" nullable:"false"`
	Rotations []rotationOutput `json:"rotations" nullable:"false" doc:"The newest of each ring"`
}

type keyOutput struct {
	Ring   seal.RingName `json:"ring" enum:"payment_credentials,national_id"`
	Key    string        `json:"key" doc:"8 hexadecimal digits, the beginning of the key's SHA-256"`
	State  string        `json:"state" enum:"active,previous,missing" doc:"missing: values need a key that is not deployed; put it back"`
	Values int64         `json:"values" doc:"Sealed under it, in all columns"`
	// MayDrop is the answer to the question that matters at a rotation's end.
	MayDrop   bool           `json:"may_drop" doc:"No value needs it: take it out of the *_PREVIOUS list"`
	NearLimit bool           `json:"near_limit" doc:"It has sealed over 2^30 values: replace it"`
	Columns   []columnOutput `json:"columns" nullable:"false"`
}

type columnOutput struct {
	Column string `json:"column" example:"payment_methods.token_ct"`
	Values int64  `json:"values"`
}

// ListKeys counts sealed values by key. Keys are shown by their ids; nothing here tells a key.
func ListKeys(l Lister) api.Endpoint {
	return api.New(ListKeysOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*keysOutput, error) {
		uses, err := l.Usage(ctx)
		if err != nil {
			return nil, err
		}
		rotations, err := l.Latest(ctx)
		if err != nil {
			return nil, err
		}
		out := &keysOutput{Keys: keys(l.KeyIDs(), uses), Rotations: []rotationOutput{}}
		for _, r := range rotations {
			out.Rotations = append(out.Rotations, *output(r))
		}
		return out, nil
	})
}

// keys is first the keys of each ring, the active one before the former, then those that values need and no ring holds.
func keys(rings map[seal.RingName][]seal.KeyID, uses []rotation.Use) []keyOutput {
	out := []keyOutput{}
	at := map[seal.RingName]map[seal.KeyID]int{}
	add := func(ring seal.RingName, key seal.KeyID, state string) int {
		if at[ring] == nil {
			at[ring] = map[seal.KeyID]int{}
		}
		i, ok := at[ring][key]
		if !ok {
			i = len(out)
			at[ring][key] = i
			out = append(out, keyOutput{Ring: ring, Key: key.String(), State: state, MayDrop: state == "previous", Columns: []columnOutput{}})
		}
		return i
	}
	for _, ring := range seal.Rings() {
		for i, key := range rings[ring] {
			add(ring, key, map[bool]string{true: "active", false: "previous"}[i == 0])
		}
	}
	for _, u := range uses {
		k := &out[add(u.Column.Ring, u.Key, "missing")]
		k.Values += u.Values
		k.MayDrop = k.MayDrop && u.Values == 0
		k.NearLimit = k.Values >= rotation.NearLimit
		k.Columns = append(k.Columns, columnOutput{u.Column.String(), u.Values})
	}
	return out
}
