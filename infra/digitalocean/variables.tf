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

variable "region" {
  description = "DigitalOcean's name of the region."
  type        = string
  default     = "fra1"
}

variable "kubernetes_version" {
  description = "Which minor version; patches come by themselves."
  type        = string
  default     = "1.33."
}

variable "node_size" {
  description = "Size of every node."
  type        = string
  default     = "s-2vcpu-4gb"
}

variable "database_size" {
  description = "Size of the database's nodes."
  type        = string
  default     = "db-s-1vcpu-2gb"
}

variable "high_availability" {
  description = "A second control plane and a standby database."
  type        = bool
  default     = false
}
