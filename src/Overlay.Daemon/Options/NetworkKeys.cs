namespace Overlay.Daemon.Options;

/// <summary>
/// Keys of section Network that were given, whatever their value: a store that says something else contradicts them.
/// </summary>
[Flags]
internal enum NetworkKeys
{
    None = 0,
    Cidr = 1,
    CidrV6 = 2,
    SubnetLength = 4,
    SubnetLengthV6 = 8,
    Vni = 16,
    Port = 32,
    DirectRouting = 64,
}
