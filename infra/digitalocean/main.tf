# DigitalOcean: a cluster with a pool for the Spin shim, managed PostgreSQL, DNS. DIGITALOCEAN_TOKEN says whose account.
# There is no secret store here, so the Secret is made in the cluster itself (secrets.mode: existing).
terraform {
  required_version = ">= 1.8"
  required_providers {
    digitalocean = { source = "digitalocean/digitalocean", version = "~> 2.60" }
    kubernetes   = { source = "hashicorp/kubernetes", version = "~> 2.38" }
    random       = { source = "hashicorp/random", version = "~> 3.7" }
  }
}

provider "digitalocean" {}

provider "kubernetes" {
  host                   = digitalocean_kubernetes_cluster.nudge.endpoint
  token                  = digitalocean_kubernetes_cluster.nudge.kube_config[0].token
  cluster_ca_certificate = base64decode(digitalocean_kubernetes_cluster.nudge.kube_config[0].cluster_ca_certificate)
}

data "digitalocean_kubernetes_versions" "current" {
  version_prefix = var.kubernetes_version
}

resource "digitalocean_vpc" "nudge" {
  name   = var.name
  region = var.region
}

resource "digitalocean_kubernetes_cluster" "nudge" {
  name          = var.name
  region        = var.region
  version       = data.digitalocean_kubernetes_versions.current.latest_version
  vpc_uuid      = digitalocean_vpc.nudge.id
  auto_upgrade  = true
  surge_upgrade = true
  # The control plane in one zone is free; a second costs 40 $ a month.
  ha = var.high_availability

  # The platform: Dapr, KEDA, ingress, monitoring, and every daprd.
  node_pool {
    name       = "platform"
    size       = var.node_size
    auto_scale = true
    min_nodes  = 2
    max_nodes  = 4
  }

  maintenance_policy {
    day        = "sunday"
    start_time = "04:00"
  }
}

# The nodes that runtime-class-manager puts the shim on.
resource "digitalocean_kubernetes_node_pool" "spin" {
  cluster_id = digitalocean_kubernetes_cluster.nudge.id
  name       = "spin"
  size       = var.node_size
  auto_scale = true
  min_nodes  = 1
  max_nodes  = 6
  labels     = { spin = "true" }
}

resource "digitalocean_database_cluster" "nudge" {
  name                 = var.name
  engine               = "pg"
  version              = "17"
  size                 = var.database_size
  region               = var.region
  node_count           = var.high_availability ? 2 : 1
  private_network_uuid = digitalocean_vpc.nudge.id

  maintenance_window {
    day  = "sunday"
    hour = "05:00:00"
  }
}

resource "digitalocean_database_db" "nudge" {
  cluster_id = digitalocean_database_cluster.nudge.id
  name       = "nudge"
}

resource "digitalocean_database_firewall" "nudge" {
  cluster_id = digitalocean_database_cluster.nudge.id

  rule {
    type  = "k8s"
    value = digitalocean_kubernetes_cluster.nudge.id
  }
}

resource "digitalocean_domain" "nudge" {
  name = var.domain
}

resource "digitalocean_record" "nudge" {
  count  = var.load_balancer_ip == "" ? 0 : 1
  domain = digitalocean_domain.nudge.id
  type   = "A"
  name   = "nudge"
  value  = var.load_balancer_ip
  ttl    = 300
}

module "secrets" {
  source = "../modules/application-secrets"
  kafka  = var.kafka
  smtp   = var.smtp

  test_client_secret = var.test_client_secret
  postgres = {
    host     = digitalocean_database_cluster.nudge.private_host
    port     = digitalocean_database_cluster.nudge.port
    user     = digitalocean_database_cluster.nudge.user
    password = digitalocean_database_cluster.nudge.password
    database = digitalocean_database_db.nudge.name
    # Its certificate is of an authority of its own, which daprd's image does not know.
    sslmode = "require"
  }
}

resource "kubernetes_namespace_v1" "nudge" {
  metadata {
    name = "nudge"
  }
}

resource "kubernetes_secret_v1" "nudge" {
  metadata {
    name      = "nudge"
    namespace = kubernetes_namespace_v1.nudge.metadata[0].name
  }
  data = module.secrets.values
}

resource "kubernetes_secret_v1" "dapr" {
  metadata {
    name      = "nudge-dapr"
    namespace = kubernetes_namespace_v1.nudge.metadata[0].name
  }
  data = { token = module.secrets.values.dapr_token }
}

output "kubeconfig" {
  description = "For kubectl, helm and the pipeline's first setup."
  sensitive   = true
  value       = digitalocean_kubernetes_cluster.nudge.kube_config[0].raw_config
}

output "values" {
  description = "What values-prod.yaml leaves open: tofu output -raw values > nudge.values.yaml"
  value = yamlencode({
    publicUrl = "https://nudge.${var.domain}"
    secrets   = { mode = "existing" }
    network = {
      egress = [
        { cidr = digitalocean_vpc.nudge.ip_range, ports = [digitalocean_database_cluster.nudge.port] },
        { cidr = "0.0.0.0/0", ports = [9092, 587] },
      ]
    }
  })
}
