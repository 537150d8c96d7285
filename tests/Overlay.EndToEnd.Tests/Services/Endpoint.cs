using System.Net;

namespace Overlay.EndToEnd.Tests;

/// <summary>A pod behind a Service.</summary>
/// <param name="Address">The pod's.</param>
/// <param name="Port">Where it listens.</param>
/// <param name="IsLocal">It runs on the node whose rules are made.</param>
internal sealed record Endpoint(IPAddress Address, int Port, bool IsLocal);
