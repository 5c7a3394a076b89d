// Rules of our own, for oxlint. They look at syntax alone; what has to know types is in plain-lookup.js.

/** What VS Code renders links or icons in. */
const SHOWS_TEXT =
  /^(show(Information|Warning|Error)Message|withProgress|(show|create)QuickPick|(show|create)InputBox|setStatusBarMessage)$/;
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

export default { meta: { name: "edgewise" }, rules: { naming, "text-through-dialogs": textThroughDialogs } };
