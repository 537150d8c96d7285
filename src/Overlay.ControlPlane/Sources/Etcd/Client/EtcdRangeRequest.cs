namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Asks for one key, or for all from <paramref name="Key"/> to before <paramref name="RangeEnd"/>.</summary>
internal sealed record EtcdRangeRequest(byte[] Key, byte[]? RangeEnd = null, long Limit = 0, long Revision = 0);
