// Rules of our own, for oxlint. They look at syntax alone; what has to know types is in plain-lookup.js.

/** What VS Code renders links or icons in. */
const SHOWS_TEXT =
  /^(show(Information|Warning|Error)Message|withProgress|(show|create)QuickPick|(show|create)InputBox|setStatusBarMessage)$/;
const FORMATS = new Set(["onnx", "tflite"]);
const PASCAL_CASE = /^[A-Z][A-Za-z0-9]*$/;
const ANY_CAMEL_CASE = /^[A-Za-z][A-Za-z0-9]*$/;

/** Types in PascalCase, functions in camelCase; components of the page are functions in PascalCase. */
const naming = {
  create(context) {
    const hold = (format, what) => (node) => {
      if (node.id && !format.test(node.id.name)) context.report({ node: node.id, message: `Write ${what}.` });
    };
    const type = hold(PASCAL_CASE, "names of types in PascalCase");
    const named = hold(ANY_CAMEL_CASE, "names of functions in camelCase");
    return {
      TSTypeAliasDeclaration: type,
      TSInterfaceDeclaration: type,
      TSEnumDeclaration: type,
      ClassDeclaration: type,
      FunctionDeclaration: named,
      FunctionExpression: named,
    };
  },
};

/** A name of a file can be a command link in a message of VS Code, and an icon in a list: what shows text is in one folder, and escapes it. */
const textThroughDialogs = {
  create(context) {
    const hold = (node, name) => {
      if (!SHOWS_TEXT.test(name ?? "")) return;
      context.report({ node, message: "Ask and tell through extension/dialogs/, which shows texts of files as text." });
    };
    return {
      MemberExpression: (node) => hold(node, node.computed ? node.property.value : node.property.name),
      Property: (node) => hold(node, node.key.name ?? node.key.value),
    };
  },
};

/** A branch on one format is a fact of it: the tables of `profiler/formats` have a field for it. */
const formatsByTable = {
  create(context) {
    const isFormat = (node) =>
      (node.type === "MemberExpression" && !node.computed ? node.property.name : node.name) === "format";
    const isName = (node) => node?.type === "Literal" && FORMATS.has(node.value);
    const message = "Ask a field of the format's entry in profiler/formats/formats.ts, not which format it is.";
    return {
      BinaryExpression(node) {
        if (!/^[!=]==?$/.test(node.operator)) return;
        if ((isFormat(node.left) && isName(node.right)) || (isName(node.left) && isFormat(node.right)))
          context.report({ node, message });
      },
      SwitchCase(node) {
        if (isName(node.test)) context.report({ node, message });
      },
    };
  },
};

export default {
  meta: { name: "edgewise" },
  rules: { naming, "text-through-dialogs": textThroughDialogs, "formats-by-table": formatsByTable },
};
