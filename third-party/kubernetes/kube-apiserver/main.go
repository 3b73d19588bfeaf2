// A Kubernetes API server with its etcd in one process: what the chart's tests install into.
//
// There is no node, no scheduler and no controller in it: objects are validated, stored and read back, which is all that
// "does the cluster accept what we ship?" asks for.
//
//	kube-apiserver DIR PORT TOKEN [FLAG…]
//
// DIR takes the data, the keys and etcd's socket; PORT is the API's, on loopback; whoever holds TOKEN may do everything. A FLAG
// is kube-apiserver's own, and counts before what is said here: with them it serves the node of `cargo xtask test node`.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

// How long etcd may take to become its own leader: it is alone, so this only covers a slow disk.
const etcdStart = time.Minute

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: kube-apiserver DIR PORT TOKEN [FLAG…]")
		os.Exit(2)
	}
	os.Exit(run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]))
}

func run(dir, port, token string, flags []string) int {
	etcd, address, err := startEtcd(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		return 1
	}
	defer etcd.Close()
	signingKey, tokens, err := writeCredentials(dir, token)
	if err != nil {
		fmt.Fprintln(os.Stderr, "credentials:", err)
		return 1
	}
	command := app.NewAPIServerCommand()
	command.SetArgs(append([]string{
		"--etcd-servers=" + address,
		"--bind-address=127.0.0.1",
		// Nobody looks for the server by the Service "kubernetes", which may not name a loopback address.
		"--endpoint-reconciler-type=none",
		"--secure-port=" + port,
		"--cert-dir=" + filepath.Join(dir, "certificates"),
		"--token-auth-file=" + tokens,
		"--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + signingKey,
		"--service-account-signing-key-file=" + signingKey,
		"--allow-privileged=false",
	}, flags...))
	return cli.Run(command)
}

// startEtcd returns when the store takes writes.
func startEtcd(dir string) (*embed.Etcd, string, error) {
	config := embed.NewConfig()
	// Sockets in the folder: no port to find, nobody else can connect.
	client := url.URL{Scheme: "unix", Path: filepath.Join(dir, "etcd.sock")}
	peer := url.URL{Scheme: "unix", Path: filepath.Join(dir, "peer.sock")}
	config.Dir = filepath.Join(dir, "etcd")
	config.LogLevel = "error"
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	// A test's data is thrown away: no write has to survive a power cut.
	config.UnsafeNoFsync = true
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, "", err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, client.String(), nil
	case err := <-etcd.Err():
		return nil, "", err
	case <-time.After(etcdStart):
		etcd.Close()
		return nil, "", fmt.Errorf("not ready after %s", etcdStart)
	}
}

// writeCredentials makes the key that signs service accounts' tokens, and the list of who may come in.
func writeCredentials(dir, token string) (signingKey, tokens string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", "", err
	}
	signingKey = filepath.Join(dir, "service-accounts.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})
	if err := os.WriteFile(signingKey, block, 0o600); err != nil {
		return "", "", err
	}
	tokens = filepath.Join(dir, "tokens.csv")
	line := token + ",tester,tester,system:masters\n"
	return signingKey, tokens, os.WriteFile(tokens, []byte(line), 0o600)
}
