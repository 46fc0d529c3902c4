package uploadapi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/blob"
	"fitkit/shared/blob/blobtest"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
	"fitkit/shared/upload"
	"fitkit/shared/upload/uploadapi"
)

// world is the endpoints with a bucket of their own.
type world struct {
	*apitest.Env
	bucket string
	files  *blob.Store
}

func newWorld(t *testing.T) *world {
	t.Parallel()
	where := blobtest.General(t)
	w := &world{bucket: where.Bucket, files: blob.New(where)}
	w.Env = apitest.New(t, func(db *postgres.DB) []api.Endpoint {
		s := upload.NewStore(db, w.files)
		return []api.Endpoint{uploadapi.Create(s), uploadapi.Complete(s)}
	})
	return w
}

var pdf = []byte("%PDF-1.7\nאישור רפואי")

func announce(content []byte) map[string]any {
	sum := blob.SumOf(content)
	return map[string]any{"purpose": "document", "file_name": "אישור.pdf", "content_type": "application/pdf", "size": len(content), "sha256": hex.EncodeToString(sum[:])}
}

type created struct {
	ID, Method, URL string
	Headers         map[string]string
}

func create(c *apitest.Client, body map[string]any) (got created) {
	c.Post("/v1/uploads", body).Want(201).Into(&got)
	return got
}

// send does what a browser does with the answer.
func (g created) send(t *testing.T, content []byte) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), g.Method, g.URL, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range g.Headers {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func (w *world) key(s apitest.Studio, g created) string {
	return "org/" + s.Org.String() + "/uploads/" + g.ID
}

func (w *world) stored(t *testing.T, s apitest.Studio, g created) bool {
	t.Helper()
	key, err := blob.ParseKey(s.Org, w.key(s, g))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.files.Head(t.Context(), key)
	if err != nil && !errors.Is(err, blob.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// checksum is a SHA-256 as S3 writes it.
func checksum(content []byte) string {
	sum := blob.SumOf(content)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func complete(g created) string { return "/v1/uploads/" + g.ID + "/complete" }

func TestAFileIsUsedOnlyAfterItWasLookedAt(t *testing.T) {
	w := newWorld(t)
	desk := w.A.As(t, tenancy.FrontDesk)
	g := create(desk, announce(pdf))
	t.Run("its key is made by us, under the studio's prefix", func(t *testing.T) {
		if !strings.Contains(g.URL, "/"+w.bucket+"/"+w.key(w.A, g)+"?") {
			t.Errorf("goes to %s", g.URL)
		}
	})
	t.Run("before it arrived it cannot be completed", func(t *testing.T) {
		desk.Post(complete(g), nil).Want(409, "upload.not_arrived")
	})
	t.Run("it arrives as announced and is ready, however often that is said", func(t *testing.T) {
		if status := g.send(t, pdf); status != 200 {
			t.Fatalf("the store answered %d", status)
		}
		for range 2 {
			got := desk.Post(complete(g), nil).Want(200)
			if got.Field("state") != "ready" || got.Field("file_name") != "אישור.pdf" || got.Field("content_type") != "application/pdf" {
				t.Fatalf("%s", got.Body)
			}
		}
	})
	t.Run("it cannot be sent again", func(t *testing.T) {
		if status := g.send(t, pdf); status != http.StatusPreconditionFailed {
			t.Errorf("the store answered %d", status)
		}
	})
	t.Run("a request sent twice announces one file", func(t *testing.T) {
		desk.Headers["Idempotency-Key"] = "the-same"
		if first, second := create(desk, announce(pdf)), create(desk, announce(pdf)); first.ID != second.ID {
			t.Errorf("%s and %s", first.ID, second.ID)
		}
	})
}

func TestWhatWasNotAnnouncedIsRemoved(t *testing.T) {
	w := newWorld(t)
	desk := w.A.As(t, tenancy.FrontDesk)
	for name, tc := range map[string]struct {
		contentType string
		content     []byte
	}{
		"other bytes":          {"application/pdf", []byte("%PDF-1.7\nאישור אחר?!")},
		"a longer file":        {"application/pdf", append(bytes.Clone(pdf), '!')},
		"another type":         {"text/html", pdf},
		"nothing":              {"application/pdf", nil},
		"a page under its sum": {"application/pdf", []byte("<html><script>")},
	} {
		t.Run(name, func(t *testing.T) {
			announced := pdf
			if name == "a page under its sum" { // announced truthfully but for its type
				announced = tc.content
			}
			g := create(desk, announce(announced))
			key, sum := w.key(w.A, g), checksum(tc.content)
			// Past the signature, as somebody with the store's keys could.
			if _, err := blobtest.Client(t).PutObject(t.Context(), &s3.PutObjectInput{Bucket: &w.bucket, Key: &key, Body: bytes.NewReader(tc.content),
				ContentType: &tc.contentType, ChecksumSHA256: &sum}); err != nil {
				t.Fatal(err)
			}
			desk.Post(complete(g), nil).Want(409, "upload.differs")
			if w.stored(t, w.A, g) {
				t.Error("the file is still there")
			}
			desk.Post(complete(g), nil).Want(404, "upload.not_found")
		})
	}
}

func TestRefusedAnnouncements(t *testing.T) {
	w := newWorld(t)
	owner := w.A.As(t, tenancy.Owner)
	for name, tc := range map[string]struct {
		change map[string]any
		status int
		code   string
	}{
		"a type that the purpose does not take":     {map[string]any{"content_type": "text/csv"}, 422, "upload.type_not_allowed"},
		"a picture that can hold scripts":           {map[string]any{"purpose": "member_photo", "content_type": "image/svg+xml"}, 422, "request.invalid"},
		"a photo of over 5 MB":                      {map[string]any{"purpose": "member_photo", "content_type": "image/png", "size": 5<<20 + 1}, 413, "upload.too_large"},
		"a document of over 20 MB":                  {map[string]any{"size": 20<<20 + 1}, 413, "upload.too_large"},
		"an empty file":                             {map[string]any{"size": 0}, 422, "request.invalid"},
		"a negative length":                         {map[string]any{"size": -1}, 422, "request.invalid"},
		"a purpose that is none":                    {map[string]any{"purpose": "backup"}, 422, "request.invalid"},
		"no sum":                                    {map[string]any{"sha256": ""}, 422, "request.invalid"},
		"a sum in capitals":                         {map[string]any{"sha256": strings.Repeat("A", 64)}, 422, "request.invalid"},
		"a name of spaces":                          {map[string]any{"file_name": "  "}, 422, "upload.file_name_invalid"},
		"a name with a line end":                    {map[string]any{"file_name": "a\nb.pdf"}, 422, "upload.file_name_invalid"},
		"a name that turns its end round (gpj.exe)": {map[string]any{"file_name": "a\u202egpj.exe"}, 422, "upload.file_name_invalid"},
		"a key of the caller's own":                 {map[string]any{"key": "org/x/uploads/y"}, 422, "request.invalid"},
		"another studio":                            {map[string]any{"org_id": w.B.Org.String()}, 422, "request.invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			body := announce(pdf)
			for k, v := range tc.change {
				body[k] = v
			}
			owner.Post("/v1/uploads", body).Want(tc.status, tc.code)
		})
	}
	if n := postgrestest.Get[int](t, w.Database, "select count(*) from uploads"); n != 0 {
		t.Errorf("%d uploads were noted", n)
	}
}

func TestAnUploadIsItsMakersAlone(t *testing.T) {
	w := newWorld(t)
	desk := w.A.As(t, tenancy.FrontDesk)
	g := create(desk, announce(pdf))
	if status := g.send(t, pdf); status != 200 {
		t.Fatalf("the store answered %d", status)
	}
	for name, c := range map[string]*apitest.Client{
		"a colleague":              w.A.As(t, tenancy.Owner),
		"the other studio's owner": w.B.As(t, tenancy.Owner),
		"the other studio's desk":  w.B.As(t, tenancy.FrontDesk),
	} {
		t.Run(name+" cannot complete it", func(t *testing.T) {
			c.Post(complete(g), nil).Want(404, "upload.not_found")
		})
	}
	t.Run("an upload that never was answers alike", func(t *testing.T) {
		desk.Post("/v1/uploads/"+id.New[id.Upload]().String()+"/complete", nil).Want(404, "upload.not_found")
	})
	desk.Post(complete(g), nil).Want(200)
}

func TestRoles(t *testing.T) {
	w := newWorld(t)
	w.Exec(t, "insert into members (org_id, id, name, search_key, clerk_user_id) values ($1, $2, 'נועה', 'נועה', 'user_noa')", w.A.Org, id.New[id.Member]())
	importers := []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk}
	for _, role := range tenancy.People {
		c := w.A.AsMember(t, "user_noa")
		if role != tenancy.Member {
			c = w.A.As(t, role)
		}
		c.Post("/v1/uploads", announce(pdf)).Want(201)
		list := announce([]byte("name,phone\n"))
		list["purpose"], list["content_type"] = "import", "text/csv"
		if got := c.Post("/v1/uploads", list); slices.Contains(importers, role) != (got.Status == 201) || got.Status != 201 && got.Code() != "upload.purpose_not_allowed" {
			t.Errorf("an import as %s: %d %s", role, got.Status, got.Code())
		}
	}
	w.Anonymous(t).Post("/v1/uploads", announce(pdf)).Want(401)
}

func TestAStoreThatIsDownLosesNothing(t *testing.T) {
	w := newWorld(t)
	down := blob.New(blob.Config{Endpoint: "http://127.0.0.1:1", Region: "auto", Bucket: "b"})
	w.Env = apitest.New(t, func(db *postgres.DB) []api.Endpoint {
		return []api.Endpoint{uploadapi.Create(upload.NewStore(db, down)), uploadapi.Complete(upload.NewStore(db, down))}
	})
	desk := w.A.As(t, tenancy.FrontDesk)
	g := create(desk, announce(pdf)) // an address is made without asking the store
	desk.Post(complete(g), nil).Want(503, "blob.unavailable")
	if n := postgrestest.Get[int](t, w.Database, "select count(*) from uploads where state = 'pending'"); n != 1 {
		t.Errorf("%d uploads still wait", n)
	}
}
