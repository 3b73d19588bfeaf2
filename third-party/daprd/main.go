// Command daprd is the Dapr sidecar with the components that Nudge uses, and no others: a tenth of what the released one
// links, so that a machine without the released one can build it from Go modules.
//
// Everything else is Dapr's own: flags, runtime, component implementations.
package main

import (
	"context"
	"fmt"
	"os"

	"go.opencensus.io/stats/view"
	"go.uber.org/automaxprocs/maxprocs"

	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/buildinfo"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"
)

var log = logger.NewLogger("dapr.runtime")

func main() {
	// Go would take the machine's cores for its own even where a cgroup gives it less.
	if _, err := maxprocs.Set(); err != nil {
		log.Warnf("Can't read the CPU limit: %s", err)
	}
	opts, err := options.New(os.Args[1:])
	if err != nil {
		log.Fatalf("Wrong flags: %s", err)
	}
	if opts.RuntimeVersion {
		fmt.Println(buildinfo.Version())
		return
	}
	opts.Logger.SetAppID(opts.AppID)
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		log.Fatalf("Wrong logger settings: %s", err)
	}
	if err := run(signals.Context(), opts); err != nil {
		log.Fatalf("daprd ends: %s", err)
	}
}

// run keeps the certificate provider and the runtime going until the context ends, or one of them fails.
func run(ctx context.Context, opts *options.Options) error {
	health := healthz.New()
	provider, err := security.New(ctx, security.Options{
		SentryAddress:           opts.SentryAddress,
		ControlPlaneTrustDomain: opts.ControlPlaneTrustDomain,
		ControlPlaneNamespace:   opts.ControlPlaneNamespace,
		TrustAnchors:            opts.TrustAnchors,
		AppID:                   opts.AppID,
		MTLSEnabled:             opts.EnableMTLS,
		Mode:                    modes.DaprMode(opts.Mode),
		Healthz:                 health,
		JwtAudiences:            opts.SentryRequestJwtAudiences,
	})
	if err != nil {
		return err
	}
	serve := func(ctx context.Context) error {
		handler, err := provider.Handler(ctx)
		if err != nil {
			return err
		}
		config := configuration(opts)
		config.Security = handler
		config.Healthz = health
		config.Metrics.Healthz = health
		config.Registry = registered()
		sidecar, err := runtime.FromConfig(ctx, config)
		if err != nil {
			return err
		}
		return sidecar.Run(ctx)
	}
	return concurrency.NewRunnerManager(provider.Run, serve).Run(ctx)
}

// configuration passes on what the flags say. Flags that only Kubernetes mode has are left out: a cluster runs Dapr's own
// image, and the node of `cargo xtask test node` needs none of them.
func configuration(opts *options.Options) *runtime.Config {
	return &runtime.Config{
		AppID:                         opts.AppID,
		Mode:                          opts.Mode,
		Config:                        opts.Config,
		ResourcesPath:                 opts.ResourcesPath,
		ComponentsPath:                opts.ComponentsPath,
		AllowedOrigins:                opts.AllowedOrigins,
		ApplicationPort:               opts.AppPort,
		AppProtocol:                   opts.AppProtocol,
		AppChannelAddress:             opts.AppChannelAddress,
		AppMaxConcurrency:             opts.AppMaxConcurrency,
		AppSSL:                        opts.AppSSL,
		AppBindingOptionsTimeout:      opts.AppBindingOptionsTimeout,
		EnableAppHealthCheck:          opts.EnableAppHealthCheck,
		AppHealthCheckPath:            opts.AppHealthCheckPath,
		AppHealthProbeInterval:        opts.AppHealthProbeInterval,
		AppHealthProbeTimeout:         opts.AppHealthProbeTimeout,
		AppHealthThreshold:            opts.AppHealthThreshold,
		DaprHTTPPort:                  opts.DaprHTTPPort,
		DaprAPIGRPCPort:               opts.DaprAPIGRPCPort,
		DaprAPIListenAddresses:        opts.DaprAPIListenAddresses,
		DaprInternalGRPCPort:          opts.DaprInternalGRPCPort,
		DaprInternalGRPCListenAddress: opts.DaprInternalGRPCListenAddress,
		DaprPublicPort:                opts.DaprPublicPort,
		DaprPublicListenAddress:       opts.DaprPublicListenAddress,
		DaprGracefulShutdownSeconds:   opts.DaprGracefulShutdownSeconds,
		DaprBlockShutdownDuration:     opts.DaprBlockShutdownDuration,
		DisableInitEndpoints:          opts.DisableInitEndpoints,
		EnableAPILogging:              opts.EnableAPILogging,
		EnableMTLS:                    opts.EnableMTLS,
		EnableProfiling:               opts.EnableProfiling,
		ProfilePort:                   opts.ProfilePort,
		MaxRequestSize:                opts.MaxRequestSize,
		ReadBufferSize:                opts.ReadBufferSize,
		UnixDomainSocket:              opts.UnixDomainSocket,
		ActorsService:                 opts.ActorsService,
		ActorsDisseminationTimeout:    opts.ActorsDisseminationTimeout,
		RemindersService:              opts.RemindersService,
		SchedulerAddress:              opts.SchedulerAddress,
		SchedulerStreams:              opts.SchedulerJobStreams,
		SentryAddress:                 opts.SentryAddress,
		ControlPlaneAddress:           opts.ControlPlaneAddress,
		DisableBuiltinK8sSecretStore:  opts.DisableBuiltinK8sSecretStore,
		HotReloadReconcileInterval:    opts.HotReloadReconcileInterval,
		Metrics: metrics.Options{
			Enabled:       opts.Metrics.Enabled(),
			Log:           log,
			Port:          opts.Metrics.Port(),
			ListenAddress: opts.Metrics.ListenAddress(),
			Namespace:     metrics.DefaultMetricNamespace,
			Meter:         view.NewMeter(),
		},
	}
}
