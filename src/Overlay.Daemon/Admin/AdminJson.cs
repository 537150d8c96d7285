using System.Text.Json.Serialization;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Admin;

/// <summary>How reports are written: camelCase, nulls included so that every row has every column.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(ControlPlaneReport))]
[JsonSerializable(typeof(IReadOnlyList<PeerReport>))]
[JsonSerializable(typeof(IReadOnlyList<RouteReport>))]
[JsonSerializable(typeof(CountersReport))]
[JsonSerializable(typeof(IReadOnlyList<ConfigurationValue>))]
[JsonSerializable(typeof(LogLevelReport))]
[JsonSerializable(typeof(IReadOnlyList<CheckReport>))]
[JsonSerializable(typeof(PingReport))]
[JsonSerializable(typeof(UpgradeReport))]
[JsonSerializable(typeof(TraceReport))]
internal sealed partial class AdminJson : JsonSerializerContext;
