variable "name" {
  description = "Prefix of everything."
  type        = string
  default     = "nudge"
}

variable "domain" {
  description = "The zone that people find Nudge in, such as example.com; Nudge is at nudge.example.com."
  type        = string
}

variable "kafka" {
  description = "tofu -chdir=../redpanda output -json kafka"
  type        = object({ username = string, password = string })
  sensitive   = true
}

variable "smtp" {
  description = "The mail provider's user; empty strings where no mail is sent."
  type        = object({ user = string, password = string })
  default     = { user = "", password = "" }
  sensitive   = true
}

variable "test_client_secret" {
  description = "Secret of the OAuth client that helm test signs in as; empty where it is not run."
  type        = string
  default     = ""
  sensitive   = true
}

variable "load_balancer_ip" {
  description = "The ingress's address, known once the platform is installed; empty before."
  type        = string
  default     = ""
}

variable "location" {
  description = "Azure's name of the region."
  type        = string
  default     = "germanywestcentral"
}

variable "vm_size" {
  description = "Size of every node."
  type        = string
  default     = "Standard_D2as_v5"
}

variable "database_sku" {
  description = "Size of the database; high availability needs a general-purpose one (GP_Standard_D2ds_v5)."
  type        = string
  default     = "B_Standard_B1ms"
}

variable "high_availability" {
  description = "A standby database in another zone."
  type        = bool
  default     = false
}

variable "key_vault" {
  description = "Name of the key vault, unique in all of Azure."
  type        = string
}

variable "registry" {
  description = "Name of the registry, letters and digits, unique in all of Azure."
  type        = string
}
