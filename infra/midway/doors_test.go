package midway

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billinghook"
	"fitkit/shared/clock"
	"fitkit/shared/hook"
	"fitkit/shared/id"
	"fitkit/shared/management"
	"fitkit/shared/org"
	"fitkit/shared/org/orghook"
	"fitkit/shared/realtime"
	"fitkit/shared/realtime/realtimesocket"
	"fitkit/shared/run"
	"fitkit/shared/socket"
)

// doorFlows are the webhooks and the WebSocket's routes.
var doorFlows = map[string][]flow{
	// Each notice is counted at its page; however often it comes, the page is read once for it.
	"hook-billing-cardcom": {steps(`select exists (select from card_sessions s join inbox i on i.event_key like s.provider_ref || ':%' where s.id = $1)
			and (select count(*) from jobs where starts_with(dedupe_key, 'page:' || $1::uuid)) = 1`, notice(billinghook.CardcomOp,
		func(w *world, app *run.App) hook.Handler { return billinghook.Cardcom(billing.NewStore(w.db(app))) },
		func(w *world) (events.APIGatewayV2HTTPRequest, any) {
			session, ref := w.page(w.Member(w.t))
			return events.APIGatewayV2HTTPRequest{PathParameters: map[string]string{"token": w.Gateway.String()},
				Body: fmt.Sprintf(`{"LowProfileId": %q, "TranzactionId": 0}`, ref)}, session
		}))},
	"hook-org-clerk": {notice(orghook.ClerkOp, func(w *world, app *run.App) hook.Handler {
		return orghook.Clerk(orghook.SourceFrom(app), org.NewClerk(w.system(app)))
	},
		func(*world) (events.APIGatewayV2HTTPRequest, any) {
			return signed(id.New[id.Event]().String(),
				`{"type":"user.updated","object":"event","timestamp":1767268800000,"instance_id":"ins_x","data":{"id":"user_1","first_name":"דנה","updated_at":1767268800000}}`), nil
		})},
	"socket-realtime-connect": {onSocket(realtimesocket.ConnectOp, func(w *world, app *run.App) socket.Handler {
		return realtimesocket.Connect(realtime.NewStore(w.db(app)), nil)
	}, 200,
		func(w *world) events.APIGatewayWebsocketProxyRequest {
			ticket, _, err := realtime.NewStore(w.DB).CreateTicket(w.t.Context(), w.person())
			ev := from(id.New[id.Event]().String())
			ev.QueryStringParameters = map[string]string{"ticket": must[string](w)(ticket, err)}
			return ev
		})},
	"socket-realtime-disconnect": {onSocket(realtimesocket.DisconnectOp, func(w *world, app *run.App) socket.Handler {
		return realtimesocket.Disconnect(realtime.NewStore(w.db(app)))
	}, 200,
		func(w *world) events.APIGatewayWebsocketProxyRequest { return from(w.connected()) })},
	"socket-realtime-ping": {onSocket(realtimesocket.PingOp, func(w *world, app *run.App) socket.Handler {
		store := realtime.NewStore(w.db(app))
		return realtimesocket.Ping(store, realtime.NewPosts(store, poster{}))
	}, 200, func(w *world) events.APIGatewayWebsocketProxyRequest { return from(w.connected()) })},
	// The client has left, so nobody is told that its row could not be taken away; the schedule finds it.
	"socket-realtime-default": {settledBy(repeat, onSocket(realtimesocket.DefaultOp, func(w *world, app *run.App) socket.Handler {
		return realtimesocket.Default(realtime.NewPosts(realtime.NewStore(w.db(app)), poster{gone: true}))
	}, 404, func(w *world) events.APIGatewayWebsocketProxyRequest { return from(w.connected()) }))},
}

func from(connection string) events.APIGatewayWebsocketProxyRequest {
	return events.APIGatewayWebsocketProxyRequest{Body: `{}`, RequestContext: events.APIGatewayWebsocketProxyRequestContext{ConnectionID: connection}}
}

// poster is API Gateway's management of connections.
type poster struct{ gone bool }

func (p poster) Post(context.Context, string, []byte) error {
	if p.gone {
		return management.ErrGone
	}
	return nil
}

func (poster) Cut(context.Context, string) error { return nil }

// signed is a message as Svix posts it.
func signed(message, text string) events.APIGatewayV2HTTPRequest {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(hookSecret, "whsec_"))
	at := clock.Real().Unix()
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", message, at, text)
	return events.APIGatewayV2HTTPRequest{Body: text, Headers: map[string]string{"svix-id": message, "svix-timestamp": fmt.Sprint(at),
		"svix-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))}}
}
