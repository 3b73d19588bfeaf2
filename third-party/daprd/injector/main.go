// Dapr's sidecar injector, without the control plane that it usually gets its certificate from.
//
//	injector PORT DIR
//
// It answers the API server on loopback as Dapr's own does, with Dapr's own code, under a certificate that it makes for
// itself; DIR/ca.pem is what the API server trusts it by. KUBE_CONFIG names the cluster, and what Dapr's chart tells the
// injector about sidecars comes by the same environment variables.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	dapr "github.com/dapr/dapr/pkg/client/clientset/versioned"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/injector/service"
	"github.com/dapr/dapr/utils"
	"github.com/dapr/kit/signals"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: injector PORT DIR")
		os.Exit(2)
	}
	if err := run(signals.Context(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "injector:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, port, dir string) error {
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	config, err := service.GetConfig()
	if err != nil {
		return err
	}
	cluster := utils.GetConfig()
	client, err := dapr.NewForConfig(cluster)
	if err != nil {
		return err
	}
	if err := service.InitMetrics(); err != nil {
		return err
	}
	injector, err := service.NewInjector(service.Options{
		Port:                    number,
		Config:                  config,
		DaprClient:              client,
		KubeClient:              utils.GetKubeClient(cluster),
		Healthz:                 healthz.New(),
		ControlPlaneNamespace:   config.Namespace,
		ControlPlaneTrustDomain: config.ControlPlaneTrustDomain,
	})
	if err != nil {
		return err
	}
	certificate, trusted, err := certify()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), trusted, 0o600); err != nil {
		return err
	}
	domain, err := spiffeid.TrustDomainFromString(config.ControlPlaneTrustDomain)
	if err != nil {
		return err
	}
	sentry, err := spiffeid.FromSegments(domain, "ns", config.Namespace, "dapr-sentry")
	if err != nil {
		return err
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}
	anchors := func(context.Context) ([]byte, error) { return trusted, nil }
	return injector.Run(ctx, settings, sentry, anchors)
}

// certify makes a certificate for loopback that vouches for itself.
func certify() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "dapr-sidecar-injector"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	certificate := tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), nil
}
