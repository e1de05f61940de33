// Every service that Podpass speaks for, but S3, which has a room of its own. To add a service, add it here.
#pragma once

#include <span>
#include <string_view>

#include "aws/operation.h"

namespace podpass::gateway {

std::span<const aws::Service* const> services();
const aws::Service* find_service(std::string_view name);  // by signing name; null if unknown

// All operation tables as a Value: {service: {"protocol", "version", "operations": {name: {"method", "path", "input",
// "output"}}}}.
codec::Value describe_services();

}  // namespace podpass::gateway
