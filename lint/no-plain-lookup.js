import { ESLintUtils } from "@typescript-eslint/utils";
import ts from "typescript";

/**
 * Names from a file or a phone may be "constructor" or "__proto__", which every plain object answers to. So a lookup by any text in an
 * object with an index signature goes through `ownEntry`, or the table is a Map.
 */
export const noPlainLookup = ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: "problem",
    schema: [],
    messages: {
      plain: "Look it up with ownEntry(table, name), or in a Map: a plain object answers to “constructor” too.",
    },
  },
  defaultOptions: [],
  create(context) {
    const services = ESLintUtils.getParserServices(context);
    const checker = services.program.getTypeChecker();
    return {
      "MemberExpression[computed=true]"(node) {
        const isWritten = node.parent.type === "AssignmentExpression" && node.parent.left === node;
        if (isWritten || (services.getTypeAtLocation(node.property).flags & ts.TypeFlags.String) === 0) return;
        const table = checker.getNonNullableType(services.getTypeAtLocation(node.object));
        if (checker.isArrayType(table) || checker.isTupleType(table)) return;
        if (checker.getIndexInfoOfType(table, ts.IndexKind.String)) context.report({ node, messageId: "plain" });
      },
    };
  },
});
