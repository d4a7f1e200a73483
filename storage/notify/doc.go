// Package notify carries notices out of the service: by mail, to webhooks, to a
// chat room, to OpenSAFELY's job-server, or into a folder. Each is a
// [review.Channel], chosen by the configuration.
//
// The outbox calls Send again until it succeeds, so a message may arrive twice;
// it then has the same Message-ID or webhook-id. A channel connects to nothing
// but its configured address, follows no redirect, and gives up when a step takes
// longer than 20 seconds.
//
// What a notice holds was written by people, and a channel trusts none of it:
// mails are built of headers that the library encodes, HTML by html/template,
// and Slack's text is escaped.
package notify
