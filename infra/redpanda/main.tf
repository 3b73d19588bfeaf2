# Redpanda Cloud: a Serverless cluster, Nudge's topics, its user and what that user may do. REDPANDA_CLIENT_ID and
# REDPANDA_CLIENT_SECRET say whose account.
terraform {
  required_version = ">= 1.8"
  required_providers {
    redpanda = { source = "redpanda-data/redpanda", version = "~> 1.3" }
    random   = { source = "hashicorp/random", version = "~> 3.7" }
  }
}

provider "redpanda" {}

variable "name" {
  description = "Name of the cluster, its resource group and the user."
  type        = string
  default     = "nudge"
}

variable "region" {
  description = "Where Redpanda Serverless runs, near the Kubernetes cluster."
  type        = string
  default     = "eu-west-1"
}

variable "allow_deletion" {
  description = "Whether tofu destroy may delete topics with what is in them."
  type        = bool
  default     = false
}

locals {
  # The one list of topics, which the code is tested against.
  topics = { for topic in jsondecode(file("${path.module}/../../dapr-components/topics.json")) : topic.name => topic }
}

resource "redpanda_resource_group" "nudge" {
  name = var.name
}

resource "redpanda_serverless_cluster" "nudge" {
  name              = var.name
  resource_group_id = redpanda_resource_group.nudge.id
  serverless_region = var.region
}

resource "redpanda_topic" "all" {
  for_each           = local.topics
  name               = each.key
  partition_count    = each.value.partitions
  replication_factor = 3
  configuration = {
    "cleanup.policy" = "delete"
    "retention.ms"   = tostring(each.value.retention_hours * 3600000)
  }
  cluster_api_url = redpanda_serverless_cluster.nudge.cluster_api_url
  allow_deletion  = var.allow_deletion
}

resource "random_password" "kafka" {
  length  = 40
  special = false
}

resource "redpanda_user" "nudge" {
  name            = var.name
  password        = random_password.kafka.result
  mechanism       = "scram-sha-256"
  cluster_api_url = redpanda_serverless_cluster.nudge.cluster_api_url
}

# Reads and writes its own topics; makes and deletes none.
resource "redpanda_acl" "topics" {
  for_each = {
    for pair in setproduct(keys(local.topics), ["READ", "WRITE", "DESCRIBE"]) : "${pair[0]}:${pair[1]}" => pair
  }
  resource_type         = "TOPIC"
  resource_name         = each.value[0]
  resource_pattern_type = "LITERAL"
  principal             = "User:${redpanda_user.nudge.name}"
  host                  = "*"
  operation             = each.value[1]
  permission_type       = "ALLOW"
  cluster_api_url       = redpanda_serverless_cluster.nudge.cluster_api_url
  depends_on            = [redpanda_topic.all]
}

# A consumer group is a function's app-id.
resource "redpanda_acl" "groups" {
  for_each              = toset(["READ", "DESCRIBE"])
  resource_type         = "GROUP"
  resource_name         = "*"
  resource_pattern_type = "LITERAL"
  principal             = "User:${redpanda_user.nudge.name}"
  host                  = "*"
  operation             = each.key
  permission_type       = "ALLOW"
  cluster_api_url       = redpanda_serverless_cluster.nudge.cluster_api_url
}

output "cluster" {
  description = "The cluster; its console page shows the bootstrap address for kafka.brokers."
  value       = redpanda_serverless_cluster.nudge.id
}

output "kafka" {
  description = "For the variable kafka of the cloud's folder."
  sensitive   = true
  value       = { username = redpanda_user.nudge.name, password = random_password.kafka.result }
}
