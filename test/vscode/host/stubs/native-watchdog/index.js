// The native module ends the extension host when its parent dies; the host also polls for that in JavaScript.
exports.start = () => {};
