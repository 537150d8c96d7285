using Overlay.Cni.Protocol;
using Overlay.Host.Files;

namespace Overlay.Cni.Configuration;

/// <summary>
/// Reads the node's subnet file for a plugin, whose runtime is to try again where the daemon has not written it yet.
/// </summary>
internal static class SubnetEnvironment
{
    /// <exception cref="CniException">
    /// Code 11: not there, or without a key, as before the daemon of a node has started.
    /// </exception>
    public static SubnetFile Read(string path)
    {
        try
        {
            return SubnetFile.Read(path);
        }
        catch (FormatException exception)
        {
            throw new CniException(
                CniErrorCode.TryAgainLater, $"{exception.Message}; overlayd writes it once the node has its pod CIDR");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string why = exception is FileNotFoundException or DirectoryNotFoundException
                ? "does not exist"
                : $"cannot be read ({exception.Message})";
            throw new CniException(CniErrorCode.TryAgainLater,
                $"{path} {why}: overlayd writes it once the node has its pod CIDR; does it run?");
        }
    }
}
