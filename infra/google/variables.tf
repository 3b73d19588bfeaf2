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

variable "project" {
  description = "The project's id."
  type        = string
}

variable "region" {
  description = "Region of the database and the registry."
  type        = string
  default     = "europe-west3"
}

variable "zone" {
  description = "Zone of the cluster; a region's name makes it regional, at three times the nodes."
  type        = string
  default     = "europe-west3-a"
}

variable "machine_type" {
  description = "Size of every node."
  type        = string
  default     = "e2-standard-2"
}

variable "database_tier" {
  description = "Size of the database."
  type        = string
  default     = "db-custom-1-3840"
}

variable "high_availability" {
  description = "A standby database in another zone."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Refuses to destroy the cluster and the database; set to false and apply before tofu destroy."
  type        = bool
  default     = true
}
