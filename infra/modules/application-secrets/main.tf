# What only Nudge's own parts have to agree on, and the connection string made of what the cloud gave. Keys as the chart's
# Secret has them.
terraform {
  required_version = ">= 1.8"
  required_providers {
    random = { source = "hashicorp/random", version = "~> 3.7" }
  }
}

variable "postgres" {
  description = "How the database is reached."
  type = object({
    host = string, port = number, user = string, password = string, database = string, sslmode = string
  })
  sensitive = true
}

variable "kafka" {
  description = "The user that infra/redpanda made."
  type        = object({ username = string, password = string })
  sensitive   = true
}

variable "smtp" {
  description = "The mail provider's user; empty strings where no mail is sent."
  type        = object({ user = string, password = string })
  sensitive   = true
}

variable "test_client_secret" {
  description = "Secret of the OAuth client that helm test signs in as."
  type        = string
  sensitive   = true
}

resource "random_password" "app_api_token" {
  length  = 40
  special = false
}

# What daprd demands of its function.
resource "random_password" "dapr_api_token" {
  length  = 40
  special = false
}

resource "random_password" "grip_key" {
  length  = 40
  special = false
}

output "values" {
  description = "Key of the Secret: value."
  sensitive   = true
  value = {
    NUDGE_POSTGRES = join(" ", [
      "host=${var.postgres.host}", "port=${var.postgres.port}", "user=${var.postgres.user}",
      "password=${var.postgres.password}", "dbname=${var.postgres.database}", "sslmode=${var.postgres.sslmode}",
    ])
    token          = random_password.app_api_token.result
    grip_key       = random_password.grip_key.result
    SMTP_USER      = var.smtp.user
    SMTP_PASSWORD  = var.smtp.password
    kafka_username = var.kafka.username
    kafka_password = var.kafka.password

    # Of the Secret beside it.
    dapr_token         = random_password.dapr_api_token.result
    test_client_secret = var.test_client_secret
  }
}
