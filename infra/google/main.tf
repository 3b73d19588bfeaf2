# Google Cloud: a cluster with a pool for the Spin shim, Cloud SQL, Secret Manager, DNS, a registry. Signed in by
# `gcloud auth application-default login`.
terraform {
  required_version = ">= 1.8"
  required_providers {
    google = { source = "hashicorp/google", version = "~> 7.0" }
    random = { source = "hashicorp/random", version = "~> 3.7" }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

resource "google_project_service" "needed" {
  for_each = toset([
    "compute.googleapis.com", "container.googleapis.com", "sqladmin.googleapis.com", "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com", "dns.googleapis.com", "artifactregistry.googleapis.com",
  ])
  service            = each.key
  disable_on_destroy = false
}

resource "google_compute_network" "nudge" {
  name                    = var.name
  auto_create_subnetworks = false
  depends_on              = [google_project_service.needed]
}

resource "google_compute_subnetwork" "nudge" {
  name                     = var.name
  network                  = google_compute_network.nudge.id
  region                   = var.region
  ip_cidr_range            = "10.10.0.0/20"
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = "10.20.0.0/16"
  }
  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = "10.30.0.0/20"
  }
}

# Cloud SQL reaches into the network from a range of its own.
resource "google_compute_global_address" "services" {
  name          = "${var.name}-services"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
  network       = google_compute_network.nudge.id
}

resource "google_service_networking_connection" "services" {
  network                 = google_compute_network.nudge.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
}

resource "google_container_cluster" "nudge" {
  name                     = var.name
  location                 = var.zone
  network                  = google_compute_network.nudge.id
  subnetwork               = google_compute_subnetwork.nudge.id
  remove_default_node_pool = true
  initial_node_count       = 1
  deletion_protection      = var.deletion_protection
  datapath_provider        = "ADVANCED_DATAPATH"

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }
  workload_identity_config {
    workload_pool = "${var.project}.svc.id.goog"
  }
  release_channel {
    channel = "REGULAR"
  }
}

resource "google_container_node_pool" "pools" {
  for_each = { platform = { min = 2, max = 4, labels = {} }, spin = { min = 1, max = 6, labels = { spin = "true" } } }
  name     = each.key
  cluster  = google_container_cluster.nudge.id

  autoscaling {
    min_node_count = each.value.min
    max_node_count = each.value.max
  }
  node_config {
    machine_type = var.machine_type
    # The shim is put into containerd's settings, which Container-Optimized OS keeps read-only.
    image_type   = "UBUNTU_CONTAINERD"
    labels       = each.value.labels
    oauth_scopes = ["https://www.googleapis.com/auth/cloud-platform"]

    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }
}

resource "random_password" "postgres" {
  length  = 40
  special = false
}

resource "google_sql_database_instance" "nudge" {
  name                = var.name
  database_version    = "POSTGRES_17"
  region              = var.region
  deletion_protection = var.deletion_protection
  depends_on          = [google_service_networking_connection.services]

  settings {
    edition           = "ENTERPRISE"
    tier              = var.database_tier
    availability_type = var.high_availability ? "REGIONAL" : "ZONAL"

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.nudge.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7
    }
  }
}

resource "google_sql_database" "nudge" {
  name      = "nudge"
  instance  = google_sql_database_instance.nudge.name
  charset   = "UTF8"
  collation = "C"
}

resource "google_sql_user" "nudge" {
  name     = "nudge"
  instance = google_sql_database_instance.nudge.name
  password = random_password.postgres.result
}

module "secrets" {
  source = "../modules/application-secrets"
  kafka  = var.kafka
  smtp   = var.smtp

  test_client_secret = var.test_client_secret
  postgres = {
    host     = google_sql_database_instance.nudge.private_ip_address
    port     = 5432
    user     = google_sql_user.nudge.name
    password = random_password.postgres.result
    database = google_sql_database.nudge.name
    # Its certificate is of an authority of its own, which daprd's image does not know.
    sslmode = "require"
  }
}

locals {
  # The chart's values-prod.yaml has the same names.
  secret_names = {
    NUDGE_POSTGRES = "nudge-postgres"
    token          = "nudge-app-api-token"
    grip_key       = "nudge-grip-key"
    SMTP_USER      = "nudge-smtp-user"
    SMTP_PASSWORD  = "nudge-smtp-password"
    kafka_username = "nudge-kafka-username"
    kafka_password = "nudge-kafka-password"

    dapr_token         = "nudge-dapr-api-token"
    test_client_secret = "nudge-test-client-secret"
  }
}

resource "google_secret_manager_secret" "all" {
  for_each  = local.secret_names
  secret_id = each.value

  replication {
    auto {}
  }
  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_version" "all" {
  for_each = local.secret_names
  secret   = google_secret_manager_secret.all[each.key].id
  # A secret can't be empty.
  secret_data = module.secrets.values[each.key] == "" ? " " : module.secrets.values[each.key]
}

# External Secrets reads them as this account, by workload identity.
resource "google_service_account" "external_secrets" {
  account_id = "${var.name}-external-secrets"
}

resource "google_secret_manager_secret_iam_member" "external_secrets" {
  for_each  = local.secret_names
  secret_id = google_secret_manager_secret.all[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.external_secrets.member
}

resource "google_service_account_iam_member" "external_secrets" {
  service_account_id = google_service_account.external_secrets.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[external-secrets/external-secrets]"
  depends_on         = [google_container_cluster.nudge]
}

resource "google_artifact_registry_repository" "nudge" {
  repository_id = var.name
  location      = var.region
  format        = "DOCKER"
  depends_on    = [google_project_service.needed]
}

resource "google_dns_managed_zone" "nudge" {
  name       = var.name
  dns_name   = "${var.domain}."
  depends_on = [google_project_service.needed]
}

resource "google_dns_record_set" "nudge" {
  count        = var.load_balancer_ip == "" ? 0 : 1
  managed_zone = google_dns_managed_zone.nudge.name
  name         = "nudge.${var.domain}."
  type         = "A"
  ttl          = 300
  rrdatas      = [var.load_balancer_ip]
}

output "cluster_secret_store" {
  description = "kubectl apply -f -: where External Secrets finds the secrets."
  value = yamlencode({
    apiVersion = "external-secrets.io/v1"
    kind       = "ClusterSecretStore"
    metadata   = { name = "nudge" }
    spec       = { provider = { gcpsm = { projectID = var.project } } }
  })
}

output "external_secrets_service_account" {
  description = "For the annotation iam.gke.io/gcp-service-account of External Secrets' service account."
  value       = google_service_account.external_secrets.email
}

output "values" {
  description = "What values-prod.yaml leaves open: tofu output -raw values > nudge.values.yaml"
  value = yamlencode({
    publicUrl = "https://nudge.${var.domain}"
    network = {
      egress = [
        { cidr = "${google_sql_database_instance.nudge.private_ip_address}/32", ports = [5432] },
        { cidr = "0.0.0.0/0", ports = [9092, 587] },
      ]
    }
  })
}
