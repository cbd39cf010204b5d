// Package deploy holds what puts Shopbell on machines: a compose file and Kubernetes manifests, for several nodes on one
// PostgreSQL. There is no code in it; its tests hold that the files agree with each other and with the program.
package deploy
