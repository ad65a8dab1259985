// Linked into the addon beside upstream's unmodified sources, with -Wl,--wrap=TFE_NewContextOptions: upstream makes its
// context without a configuration; this gives it the one in CONSILIUM_TENSORFLOW_CONFIG (a serialised
// tensorflow.ConfigProto in lower-case hex), so that threads and GPU memory can be set.
#include <cstdlib>
#include <cstring>
#include <string>
#include "tensorflow/c/eager/c_api.h"

extern "C" {
TFE_ContextOptions* __real_TFE_NewContextOptions();

TFE_ContextOptions* __wrap_TFE_NewContextOptions() {
  TFE_ContextOptions* options = __real_TFE_NewContextOptions();
  const char* hex = std::getenv("CONSILIUM_TENSORFLOW_CONFIG");
  if (options == nullptr || hex == nullptr) return options;
  std::string bytes;
  for (size_t i = 0; i + 1 < std::strlen(hex); i += 2) {
    const char pair[3] = {hex[i], hex[i + 1], 0};
    bytes.push_back(static_cast<char>(std::strtol(pair, nullptr, 16)));
  }
  TF_Status* status = TF_NewStatus();
  TFE_ContextOptionsSetConfig(options, bytes.data(), bytes.size(), status);
  // A configuration that cannot be read is refused when the context is made: TensorFlow then has none, not another one.
  const bool isRead = TF_GetCode(status) == TF_OK;
  TF_DeleteStatus(status);
  if (isRead) return options;
  TFE_DeleteContextOptions(options);
  return nullptr;
}
}
