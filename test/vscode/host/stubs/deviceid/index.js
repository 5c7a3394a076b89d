// The native module reads an identifier of the machine; tests have none.
exports.getDeviceId = async () => "test";
