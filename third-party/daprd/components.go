package main

import (
	contribbindings "github.com/dapr/components-contrib/bindings"
	"github.com/dapr/components-contrib/bindings/cron"
	"github.com/dapr/components-contrib/bindings/http"
	"github.com/dapr/components-contrib/bindings/smtp"
	"github.com/dapr/components-contrib/nameresolution/kubernetes"
	"github.com/dapr/components-contrib/nameresolution/sqlite"
	"github.com/dapr/components-contrib/pubsub/kafka"
	"github.com/dapr/components-contrib/secretstores/local/env"
	"github.com/dapr/components-contrib/secretstores/local/file"
	postgresql "github.com/dapr/components-contrib/state/postgresql/v2"
	"github.com/dapr/components-contrib/state/redis"
	"github.com/dapr/dapr/pkg/components"
	"github.com/dapr/dapr/pkg/components/bindings"
	"github.com/dapr/dapr/pkg/components/nameresolution"
	"github.com/dapr/dapr/pkg/components/pubsub"
	"github.com/dapr/dapr/pkg/components/secretstores"
	"github.com/dapr/dapr/pkg/components/state"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/kit/logger"
)

// registered is what the files in dapr-components/ may name as their type.
func registered() *registry.Options {
	states := state.NewRegistry()
	states.RegisterComponentWithVersions("postgresql", components.Versioning{
		Preferred: components.VersionConstructor{Version: "v2", Constructor: postgresql.NewPostgreSQLStateStore},
		Default:   "v2",
	})
	states.RegisterComponent(redis.NewRedisStateStore, "redis")

	brokers := pubsub.NewRegistry()
	brokers.RegisterComponent(kafka.NewKafka, "kafka")

	bound := bindings.NewRegistry()
	bound.RegisterInputBinding(func(log logger.Logger) contribbindings.InputBinding {
		return cron.NewCronWithClock(log, newSteadyClock())
	}, "cron")
	bound.RegisterOutputBinding(smtp.NewSMTP, "smtp")
	bound.RegisterOutputBinding(http.NewHTTP, "http")

	secrets := secretstores.NewRegistry()
	secrets.RegisterComponent(env.NewEnvSecretStore, "local.env")
	secrets.RegisterComponent(file.NewLocalSecretStore, "local.file")

	names := nameresolution.NewRegistry()
	names.RegisterComponent(sqlite.NewResolver, "sqlite")
	names.RegisterComponent(kubernetes.NewResolver, "kubernetes")

	// Components log through their registry's logger and don't check that there is one.
	contrib := logger.NewLogger("dapr.contrib")
	states.Logger = contrib
	brokers.Logger = contrib
	bound.Logger = contrib
	secrets.Logger = contrib
	names.Logger = contrib

	return registry.NewOptions().
		WithStateStores(states).
		WithPubSubs(brokers).
		WithBindings(bound).
		WithSecretStores(secrets).
		WithNameResolutions(names)
}
