namespace Overlay.ControlPlane.State;

/// <summary><c>assignment.json</c>: addresses and prefixes as text.</summary>
internal sealed record AssignmentDocument(
    string? Kind, string? Place, NetworkDocument? Network, string? PublicIP, string? PublicIPv6, string? Subnet, string? SubnetV6);
