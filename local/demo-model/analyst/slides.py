import struct
import zipfile
from xml.sax.saxutils import escape

# Slides by the standard library alone: python-pptx is not everywhere.
EMU = 914400
MAIN = 'http://schemas.openxmlformats.org/'
NAMES = f'xmlns:a="{MAIN}drawingml/2006/main" xmlns:r="{MAIN}officeDocument/2006/relationships" xmlns:p="{MAIN}presentationml/2006/main"'
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
GROUP = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'


def relations(*targets):
    lines = [f'<Relationship Id="rId{n}" Type="{MAIN}officeDocument/2006/relationships/{kind}" Target="{target}"/>'
             for n, (kind, target) in enumerate(targets, 1)]
    return f'{HEAD}<Relationships xmlns="{MAIN}package/2006/relationships">{"".join(lines)}</Relationships>'


def text_box(number, x, y, width, height, lines, size, bold=''):
    paragraphs = ''.join(f'<a:p><a:r><a:rPr lang="en" sz="{size * 100}"{bold}/><a:t>{escape(line)}</a:t></a:r></a:p>' for line in lines)
    return (f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="Text {number}"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr>'
            f'<p:spPr><a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
            f'<p:txBody><a:bodyPr wrap="square"/><a:lstStyle/>{paragraphs}</p:txBody></p:sp>')


def picture_box(path):
    with open(path, 'rb') as file:
        wide, high = struct.unpack('>II', file.read(24)[16:])
    scale = min(12 / wide, 5.4 / high)
    width, height = int(wide * scale * EMU), int(high * scale * EMU)
    return ('<p:pic><p:nvPicPr><p:cNvPr id="9" name="Picture"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr>'
            '<p:blipFill><a:blip r:embed="rId2"/><a:stretch><a:fillRect/></a:stretch></p:blipFill>'
            f'<p:spPr><a:xfrm><a:off x="{int(6.667 * EMU) - width // 2}" y="{int(1.6 * EMU)}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'
            '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr></p:pic>')


def theme():
    colors = dict(dk1='000000', lt1='FFFFFF', dk2='1F3044', lt2='EEF1F5', accent1='B3362B', accent2='7A8CA3', accent3='3B7A57',
                  accent4='C98A2B', accent5='5B4B8A', accent6='2B8AA3', hlink='2B5FA3', folHlink='5B4B8A')
    scheme = ''.join(f'<a:{name}><a:srgbClr val="{value}"/></a:{name}>' for name, value in colors.items())
    font = '<a:latin typeface="Calibri"/><a:ea typeface=""/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    line = f'<a:ln w="9525">{fill}</a:ln>'
    effect = '<a:effectStyle><a:effectLst/></a:effectStyle>'
    return (f'{HEAD}<a:theme xmlns:a="{MAIN}drawingml/2006/main" name="Plain"><a:themeElements><a:clrScheme name="Plain">{scheme}</a:clrScheme>'
            f'<a:fontScheme name="Plain"><a:majorFont>{font}</a:majorFont><a:minorFont>{font}</a:minorFont></a:fontScheme>'
            f'<a:fmtScheme name="Plain"><a:fillStyleLst>{fill * 3}</a:fillStyleLst><a:lnStyleLst>{line * 3}</a:lnStyleLst>'
            f'<a:effectStyleLst>{effect * 3}</a:effectStyleLst><a:bgFillStyleLst>{fill * 3}</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>')


def write_slides(path, slides):
    """Each slide is (title, lines, path of a PNG or None)."""
    part = 'application/vnd.openxmlformats-officedocument.presentationml'
    numbers = range(1, len(slides) + 1)
    overrides = [('/ppt/presentation.xml', f'{part}.presentation.main+xml'), ('/ppt/slideMasters/slideMaster1.xml', f'{part}.slideMaster+xml'),
                 ('/ppt/slideLayouts/slideLayout1.xml', f'{part}.slideLayout+xml'),
                 ('/ppt/theme/theme1.xml', 'application/vnd.openxmlformats-officedocument.theme+xml'),
                 *((f'/ppt/slides/slide{n}.xml', f'{part}.slide+xml') for n in numbers)]
    tree = f'<p:cSld><p:spTree>{GROUP}</p:spTree></p:cSld>'
    colors = ('bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" accent4="accent4" '
              'accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"')
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as file:
        file.writestr('[Content_Types].xml', f'{HEAD}<Types xmlns="{MAIN}package/2006/content-types">'
                      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                      '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
                      + ''.join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in overrides) + '</Types>')
        file.writestr('_rels/.rels', relations(('officeDocument', 'ppt/presentation.xml')))
        ids = ''.join(f'<p:sldId id="{255 + n}" r:id="rId{n + 1}"/>' for n in numbers)
        file.writestr('ppt/presentation.xml', f'{HEAD}<p:presentation {NAMES}><p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst>'
                      f'<p:sldIdLst>{ids}</p:sldIdLst><p:sldSz cx="{int(13.333 * EMU)}" cy="{int(7.5 * EMU)}"/><p:notesSz cx="{int(7.5 * EMU)}" cy="{10 * EMU}"/></p:presentation>')
        file.writestr('ppt/_rels/presentation.xml.rels', relations(('slideMaster', 'slideMasters/slideMaster1.xml'),
                      *(('slide', f'slides/slide{n}.xml') for n in numbers), ('theme', 'theme/theme1.xml')))
        file.writestr('ppt/slideMasters/slideMaster1.xml', f'{HEAD}<p:sldMaster {NAMES}>{tree}<p:clrMap {colors}/>'
                      '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst></p:sldMaster>')
        file.writestr('ppt/slideMasters/_rels/slideMaster1.xml.rels', relations(('slideLayout', '../slideLayouts/slideLayout1.xml'), ('theme', '../theme/theme1.xml')))
        file.writestr('ppt/slideLayouts/slideLayout1.xml', f'{HEAD}<p:sldLayout {NAMES} type="blank">{tree}<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sldLayout>')
        file.writestr('ppt/slideLayouts/_rels/slideLayout1.xml.rels', relations(('slideMaster', '../slideMasters/slideMaster1.xml')))
        file.writestr('ppt/theme/theme1.xml', theme())
        for n, (title, lines, picture) in enumerate(slides, 1):
            shapes = text_box(2, EMU // 2, EMU // 2, 12 * EMU, EMU, [title], 36, ' b="1"')
            shapes += text_box(3, EMU // 2, int(1.8 * EMU), 12 * EMU, 5 * EMU, lines, 24) if lines else ''
            shapes += picture_box(picture) if picture else ''
            file.writestr(f'ppt/slides/slide{n}.xml', f'{HEAD}<p:sld {NAMES}><p:cSld><p:spTree>{GROUP}{shapes}</p:spTree></p:cSld>'
                          '<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sld>')
            targets = [('slideLayout', '../slideLayouts/slideLayout1.xml')]
            if picture:
                targets.append(('image', f'../media/image{n}.png'))
                file.write(picture, f'ppt/media/image{n}.png')
            file.writestr(f'ppt/slides/_rels/slide{n}.xml.rels', relations(*targets))


