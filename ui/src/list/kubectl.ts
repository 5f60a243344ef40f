/** The command that would print the same list. */
import type { Resource } from "../app/types";
import { isSelector, type Condition } from "./filter";

const quote = (text: string): string => (/^[\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

export interface Echo {
  readonly command: string;
  /** What one command can't say: `and 2 more` namespaces. */
  readonly rest: string;
}

export function kubectlFor(resource: Resource, namespaces: readonly string[], labels: string, fields: string, conditions: readonly Condition[], wide: boolean): Echo {
  const parts = ["kubectl get", resource.group && !BUILT_IN.test(resource.group) ? `${resource.plural}.${resource.group}` : resource.plural];
  if (resource.namespaced) parts.push(namespaces.length === 0 ? "-A" : `-n ${namespaces[0] ?? ""}`);
  if (labels) parts.push(`-l ${quote(labels)}`);
  if (fields) parts.push(`--field-selector=${quote(fields)}`);
  if (wide) parts.push("-o wide");
  for (const condition of conditions) {
    const { negated, value, operator } = condition;
    // What grep can't say is left to the page.
    if (value && !isSelector(condition) && !/[<>]/.test(operator)) parts.push(`| grep -i${negated ? "v" : ""} -- ${quote(value)}`);
  }
  return { command: parts.join(" "), rest: namespaces.length > 1 ? `and ${namespaces.length - 1} more` : "" };
}

const BUILT_IN = /^(apps|batch|autoscaling|policy|.*\.k8s\.io)$/;
