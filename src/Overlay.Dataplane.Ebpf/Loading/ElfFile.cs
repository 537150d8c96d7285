using System.Text;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>
/// The sections, symbols and relocations of a 64-bit ELF object (elf(5)) of this host's byte order. Whatever the bytes
/// are, reading them ends in a result or in <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class ElfFile
{
    private const int HeaderLength = 64;
    private const int SectionLength = 64;
    private const int SymbolLength = 24;
    private const int RelocationLength = 16;
    private const uint SHT_SYMTAB = 2;
    private const uint SHT_REL = 9;
    private const ushort EM_BPF = 247;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly List<Section> _sections = [];
    private readonly List<Symbol> _symbols = [];

    public ElfFile(ReadOnlyMemory<byte> file)
    {
        _file = file;
        ReadOnlySpan<byte> bytes = file.Span;
        byte order = BitConverter.IsLittleEndian ? (byte)1 : (byte)2;
        if (bytes.Length < HeaderLength || !bytes.StartsWith("\u007fELF"u8)) throw Broken("it is no ELF file");
        if (bytes[4] != 2 || bytes[5] != order) throw Broken("it is not of 64 bits and this host's byte order");
        if (UInt16(bytes, 18) != EM_BPF) throw Broken("it is not of the BPF machine");
        try
        {
            ReadSections(bytes);
            ReadSymbols(bytes);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw Outside();
        }
    }

    public IReadOnlyList<Section> Sections => _sections;

    public IReadOnlyList<Symbol> Symbols => _symbols;

    public ReadOnlyMemory<byte> Bytes(Section section) => _file.Slice(section.Offset, section.Length);

    /// <summary>Relocations of a section: where they are, and the symbol and the type (elf(5), Elf64_Rel).</summary>
    public List<(int Offset, Symbol Symbol, uint Type)> Relocations(int section)
    {
        List<(int, Symbol, uint)> relocations = [];
        foreach (Section candidate in _sections)
        {
            if (candidate.Type != SHT_REL || candidate.Info != section) continue;
            ReadOnlySpan<byte> rows = Bytes(candidate).Span;
            for (; rows.Length >= RelocationLength; rows = rows[RelocationLength..])
            {
                ulong info = UInt64(rows, 8);
                ulong symbol = info >> 32;
                if (symbol >= (ulong)_symbols.Count) throw Broken("a relocation has no symbol");
                relocations.Add((Position(UInt64(rows, 0)), _symbols[(int)symbol], (uint)info));
            }
        }

        return relocations;
    }

    public static InvalidDataException Broken(string why) => new($"the BPF object cannot be read: {why}");

    private void ReadSections(ReadOnlySpan<byte> bytes)
    {
        int start = Position(UInt64(bytes, 40));
        int count = UInt16(bytes, 60);
        int nameSection = UInt16(bytes, 62);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> row = bytes.Slice(start + (i * SectionLength), SectionLength);
            const uint SHT_NOBITS = 8;
            uint type = UInt32(row, 4);
            int length = type == SHT_NOBITS ? 0 : Position(UInt64(row, 32));
            Section section = new(
                "", type, Position(UInt64(row, 24)), length, (int)UInt32(row, 40), (int)UInt32(row, 44));
            _ = bytes.Slice(section.Offset, section.Length);
            _sections.Add(section);
        }

        if (nameSection >= count) throw Broken("its sections have no names");
        for (int i = 0; i < count; i++)
        {
            int name = (int)UInt32(bytes[(start + (i * SectionLength))..], 0);
            _sections[i] = _sections[i] with { Name = Text(_sections[nameSection], name) };
        }
    }

    private void ReadSymbols(ReadOnlySpan<byte> bytes)
    {
        foreach (Section table in _sections)
        {
            if (table.Type != SHT_SYMTAB) continue;
            if (table.Link < 0 || table.Link >= _sections.Count) throw Broken("its symbols have no names");
            ReadOnlySpan<byte> rows = bytes.Slice(table.Offset, table.Length);
            for (; rows.Length >= SymbolLength; rows = rows[SymbolLength..])
            {
                _symbols.Add(new Symbol(
                    Text(_sections[table.Link], (int)UInt32(rows, 0)), rows[4] & 0xf, UInt16(rows, 6),
                    Position(UInt64(rows, 8)), Position(UInt64(rows, 16))));
            }
        }
    }

    private string Text(Section strings, int offset)
    {
        ReadOnlySpan<byte> text = Bytes(strings).Span[offset..];
        int end = text.IndexOf((byte)0);
        return end >= 0 ? Encoding.UTF8.GetString(text[..end]) : throw Broken("a name does not end");
    }

    private static int Position(ulong value) => value <= int.MaxValue ? (int)value : throw Outside();

    private static InvalidDataException Outside() => Broken("a part lies outside of it");

    private static ushort UInt16(ReadOnlySpan<byte> bytes, int offset) => BitConverter.ToUInt16(bytes[offset..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int offset) => BitConverter.ToUInt32(bytes[offset..]);

    private static ulong UInt64(ReadOnlySpan<byte> bytes, int offset) => BitConverter.ToUInt64(bytes[offset..]);

    /// <summary>A section's header.</summary>
    internal readonly record struct Section(string Name, uint Type, int Offset, int Length, int Link, int Info);

    /// <summary>A symbol; the kind is STT_*, the section an index.</summary>
    internal readonly record struct Symbol(string Name, int Kind, int Section, int Value, int Size);
}
