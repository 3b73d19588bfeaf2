# Azure: a cluster with a pool for the Spin shim, PostgreSQL Flexible Server, Key Vault, DNS, a registry. Signed in by
# `az login`; ARM_SUBSCRIPTION_ID says which subscription.
terraform {
  required_version = ">= 1.8"
  required_providers {
    azurerm = { source = "hashicorp/azurerm", version = "~> 4.40" }
    random  = { source = "hashicorp/random", version = "~> 3.7" }
  }
}

provider "azurerm" {
  features {}
}

data "azurerm_client_config" "current" {}

resource "azurerm_resource_group" "nudge" {
  name     = var.name
  location = var.location
}

resource "azurerm_virtual_network" "nudge" {
  name                = var.name
  resource_group_name = azurerm_resource_group.nudge.name
  location            = azurerm_resource_group.nudge.location
  address_space       = ["10.10.0.0/16"]
}

resource "azurerm_subnet" "nodes" {
  name                 = "nodes"
  resource_group_name  = azurerm_resource_group.nudge.name
  virtual_network_name = azurerm_virtual_network.nudge.name
  address_prefixes     = ["10.10.0.0/20"]
}

resource "azurerm_subnet" "database" {
  name                 = "database"
  resource_group_name  = azurerm_resource_group.nudge.name
  virtual_network_name = azurerm_virtual_network.nudge.name
  address_prefixes     = ["10.10.16.0/28"]

  delegation {
    name = "postgresql"
    service_delegation {
      name    = "Microsoft.DBforPostgreSQL/flexibleServers"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }
}

resource "azurerm_kubernetes_cluster" "nudge" {
  name                      = var.name
  resource_group_name       = azurerm_resource_group.nudge.name
  location                  = azurerm_resource_group.nudge.location
  dns_prefix                = var.name
  automatic_upgrade_channel = "patch"
  oidc_issuer_enabled       = true
  workload_identity_enabled = true

  default_node_pool {
    name                 = "platform"
    vm_size              = var.vm_size
    vnet_subnet_id       = azurerm_subnet.nodes.id
    auto_scaling_enabled = true
    min_count            = 2
    max_count            = 4
  }
  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
    network_data_plane  = "cilium"
    network_policy      = "cilium"
  }
  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster_node_pool" "spin" {
  name                  = "spin"
  kubernetes_cluster_id = azurerm_kubernetes_cluster.nudge.id
  vm_size               = var.vm_size
  vnet_subnet_id        = azurerm_subnet.nodes.id
  auto_scaling_enabled  = true
  min_count             = 1
  max_count             = 6
  node_labels           = { spin = "true" }
}

resource "azurerm_private_dns_zone" "database" {
  name                = "${var.name}.postgres.database.azure.com"
  resource_group_name = azurerm_resource_group.nudge.name
}

resource "azurerm_private_dns_zone_virtual_network_link" "database" {
  name                  = var.name
  resource_group_name   = azurerm_resource_group.nudge.name
  private_dns_zone_name = azurerm_private_dns_zone.database.name
  virtual_network_id    = azurerm_virtual_network.nudge.id
}

resource "random_password" "postgres" {
  length  = 40
  special = false
}

resource "azurerm_postgresql_flexible_server" "nudge" {
  name                          = var.name
  resource_group_name           = azurerm_resource_group.nudge.name
  location                      = azurerm_resource_group.nudge.location
  version                       = "17"
  sku_name                      = var.database_sku
  storage_mb                    = 32768
  administrator_login           = "nudge"
  administrator_password        = random_password.postgres.result
  delegated_subnet_id           = azurerm_subnet.database.id
  private_dns_zone_id           = azurerm_private_dns_zone.database.id
  public_network_access_enabled = false
  backup_retention_days         = 14
  depends_on                    = [azurerm_private_dns_zone_virtual_network_link.database]

  dynamic "high_availability" {
    for_each = var.high_availability ? [1] : []
    content {
      mode = "ZoneRedundant"
    }
  }
  lifecycle {
    # Azure chooses the zone.
    ignore_changes = [zone]
  }
}

resource "azurerm_postgresql_flexible_server_database" "nudge" {
  name      = "nudge"
  server_id = azurerm_postgresql_flexible_server.nudge.id
  charset   = "UTF8"
  collation = "C"
}

module "secrets" {
  source = "../modules/application-secrets"
  kafka  = var.kafka
  smtp   = var.smtp

  test_client_secret = var.test_client_secret
  postgres = {
    host     = azurerm_postgresql_flexible_server.nudge.fqdn
    port     = 5432
    user     = azurerm_postgresql_flexible_server.nudge.administrator_login
    password = random_password.postgres.result
    database = azurerm_postgresql_flexible_server_database.nudge.name
    sslmode  = "verify-full"
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

resource "azurerm_key_vault" "nudge" {
  name                       = var.key_vault
  resource_group_name        = azurerm_resource_group.nudge.name
  location                   = azurerm_resource_group.nudge.location
  tenant_id                  = data.azurerm_client_config.current.tenant_id
  sku_name                   = "standard"
  rbac_authorization_enabled = true
  purge_protection_enabled   = false
}

resource "azurerm_role_assignment" "operator" {
  scope                = azurerm_key_vault.nudge.id
  role_definition_name = "Key Vault Secrets Officer"
  principal_id         = data.azurerm_client_config.current.object_id
}

resource "azurerm_key_vault_secret" "all" {
  for_each     = local.secret_names
  name         = each.value
  key_vault_id = azurerm_key_vault.nudge.id
  # A secret can't be empty.
  value      = module.secrets.values[each.key] == "" ? " " : module.secrets.values[each.key]
  depends_on = [azurerm_role_assignment.operator]
}

# External Secrets reads them as this identity.
resource "azurerm_user_assigned_identity" "external_secrets" {
  name                = "${var.name}-external-secrets"
  resource_group_name = azurerm_resource_group.nudge.name
  location            = azurerm_resource_group.nudge.location
}

resource "azurerm_federated_identity_credential" "external_secrets" {
  name                = "external-secrets"
  resource_group_name = azurerm_resource_group.nudge.name
  parent_id           = azurerm_user_assigned_identity.external_secrets.id
  issuer              = azurerm_kubernetes_cluster.nudge.oidc_issuer_url
  subject             = "system:serviceaccount:external-secrets:external-secrets"
  audience            = ["api://AzureADTokenExchange"]
}

resource "azurerm_role_assignment" "external_secrets" {
  scope                = azurerm_key_vault.nudge.id
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.external_secrets.principal_id
}

resource "azurerm_container_registry" "nudge" {
  name                = var.registry
  resource_group_name = azurerm_resource_group.nudge.name
  location            = azurerm_resource_group.nudge.location
  sku                 = "Basic"
}

resource "azurerm_role_assignment" "pull" {
  scope                            = azurerm_container_registry.nudge.id
  role_definition_name             = "AcrPull"
  principal_id                     = azurerm_kubernetes_cluster.nudge.kubelet_identity[0].object_id
  skip_service_principal_aad_check = true
}

resource "azurerm_dns_zone" "nudge" {
  name                = var.domain
  resource_group_name = azurerm_resource_group.nudge.name
}

resource "azurerm_dns_a_record" "nudge" {
  count               = var.load_balancer_ip == "" ? 0 : 1
  name                = "nudge"
  zone_name           = azurerm_dns_zone.nudge.name
  resource_group_name = azurerm_resource_group.nudge.name
  ttl                 = 300
  records             = [var.load_balancer_ip]
}

output "cluster_secret_store" {
  description = "kubectl apply -f -: where External Secrets finds the secrets."
  value = yamlencode({
    apiVersion = "external-secrets.io/v1"
    kind       = "ClusterSecretStore"
    metadata   = { name = "nudge" }
    spec = { provider = { azurekv = {
      authType = "WorkloadIdentity"
      vaultUrl = azurerm_key_vault.nudge.vault_uri
      serviceAccountRef = {
        name      = "external-secrets"
        namespace = "external-secrets"
      }
    } } }
  })
}

output "external_secrets_client_id" {
  description = "For the annotation azure.workload.identity/client-id of External Secrets' service account."
  value       = azurerm_user_assigned_identity.external_secrets.client_id
}

output "values" {
  description = "What values-prod.yaml leaves open: tofu output -raw values > nudge.values.yaml"
  value = yamlencode({
    publicUrl = "https://nudge.${var.domain}"
    network = {
      egress = [
        { cidr = azurerm_subnet.database.address_prefixes[0], ports = [5432] },
        { cidr = "0.0.0.0/0", ports = [9092, 587] },
      ]
    }
  })
}
