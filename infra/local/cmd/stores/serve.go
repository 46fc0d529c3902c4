package main

import (
	"fmt"
	"os"
	"syscall"

	"fitkit/infra/local/proc"
	"fitkit/infra/local/stores"
)

// serve runs the command, or waits for a signal when there is none. A store that dies ends
// either, because what a command says about missing stores is not worth reading.
func serve(s *stores.Stores, command []string, signals <-chan os.Signal) (int, error) {
	if len(command) == 0 {
		return wait(s, signals)
	}
	p, err := proc.Start(proc.Options{
		Name: command[0], Path: command[0], Args: command[1:], Env: environment(s),
		Stdout: os.Stdout, Stderr: os.Stderr, Tree: true,
	})
	if err != nil {
		return 127, err
	}
	for {
		select {
		case <-p.Done():
			return p.ExitCode(), nil
		case sig := <-signals:
			if number, ok := sig.(syscall.Signal); ok {
				if err := p.Signal(number); err != nil {
					progress(err.Error())
				}
			}
		case died := <-s.Died():
			if err := p.Stop(); err != nil {
				progress(err.Error())
			}
			return 1, died
		}
	}
}

func wait(s *stores.Stores, signals <-chan os.Signal) (int, error) {
	for _, line := range variables(s) {
		fmt.Println(line)
	}
	progress("The stores run until Ctrl-C.")
	select {
	case <-signals:
		return 0, nil
	case err := <-s.Died():
		return 1, err
	}
}

func environment(s *stores.Stores) []string { return append(os.Environ(), variables(s)...) }

func variables(s *stores.Stores) []string {
	list := []string{
		databaseVar + "=" + s.AdminURL,
		redisVar + "=" + s.RedisURL,
		sqsVar + "=" + s.SQSEndpoint,
		s3Var + "=" + s.S3Endpoint,
	}
	if os.Getenv(s3Var) != "" {
		return list // whoever gave the server gave its keys
	}
	return append(list, s3KeyVar+"="+stores.S3KeyID, s3SecretVar+"="+stores.S3KeySecret)
}
